import type { OutcomeRule } from '@automate/sdk';

/** What goes wrong with calls in particular. Everything but `call` reads, and so has no effect. */
export const outcomes: readonly OutcomeRule[] = [
  {
    when: 'the storage behind Jaeger failed, or its stream broke off with an error: 5xx but 501, UPSTREAM_5XX',
    effect: 'none',
    retried: true,
  },
  { when: 'Jaeger does not offer it: 501, UPSTREAM_5XX', effect: 'none', retried: false },
  { when: 'Jaeger has no such trace: its own 404, NOT_FOUND', effect: 'none', retried: false },
  {
    when: "the answer is not Jaeger's, such as a 404 of something before it: UPSTREAM_5XX with `details.reason: bad_answer`, `bad_json` or `not_the_service`, to be mended by the operator",
    effect: 'none',
    retried: false,
  },
  {
    when: 'the answer has more than 32 MiB, INVALID_INPUT with `details.reason: answer_too_large`',
    effect: 'none',
    retried: false,
  },
  { when: '`call` by GET, HEAD or OPTIONS failed', effect: 'none', retried: 'if `retryable`' },
];
