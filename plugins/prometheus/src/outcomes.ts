import type { OutcomeRule } from '@automate/sdk';

const ofCall: OutcomeRule = {
  when: '`call` by GET, HEAD or OPTIONS failed',
  effect: 'none',
  retried: 'if `retryable`',
};

/** What goes wrong with calls in particular. Of Prometheus everything but `call` reads, and so has no effect. */
export const outcomes: Readonly<Record<string, readonly OutcomeRule[]>> = {
  prometheus: [
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
    ofCall,
  ],
  alertmanager: [
    {
      when: 'there is no such silence, in the words of the Alertmanager: 500 or 404 (NOT_FOUND)',
      effect: 'none',
      retried: false,
    },
    {
      when: 'it refuses matchers, times or filters, 400 or 422; a silence to be changed has expired, `details.reason: silence_expired` (INVALID_INPUT)',
      effect: 'none',
      retried: false,
    },
    {
      when: 'a refusal (4xx) that is not in the format of an Alertmanager, UPSTREAM_5XX with `details.reason: bad_answer`, to be mended by the operator',
      effect: 'none',
      retried: false,
    },
    {
      when: "a change was answered with a 2xx that is not an Alertmanager's, UPSTREAM_5XX with `details.reason: bad_answer`",
      effect: 'maybe',
      retried: false,
    },
    {
      when: '`update_silence` could not read the silence that it is to change',
      effect: 'none',
      retried: 'if `retryable`',
    },
    {
      when: 'the answer is longer than 8 MiB, INVALID_INPUT with `details.reason: answer_too_large`',
      effect: 'none',
      retried: false,
    },
    ofCall,
  ],
};
