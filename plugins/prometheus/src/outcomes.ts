import type { OutcomeRule } from '@automate/sdk';

/** What goes wrong with calls in particular. Everything but `call` reads, and so has no effect. */
export const outcomes: readonly OutcomeRule[] = [
  {
    when: 'the server ran out of time (`timeout`), TIMEOUT; it shuts down or fails (`canceled`, `internal`, `unavailable`), UPSTREAM_5XX',
    effect: 'none',
    retried: true,
  },
  { when: 'the expression is wrong or asks for too much, INVALID_INPUT', effect: 'none', retried: false },
  {
    when: 'the answer is longer than a result may be, INVALID_INPUT with `details.reason: answer_too_large`',
    effect: 'none',
    retried: false,
  },
  {
    when: "the answer is not Prometheus's, UPSTREAM_5XX with `details.reason: bad_answer`, to be mended by the operator",
    effect: 'none',
    retried: false,
  },
  { when: '`call` by GET, HEAD or OPTIONS failed', effect: 'none', retried: 'if `retryable`' },
];
