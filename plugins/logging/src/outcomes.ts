import type { OutcomeRule } from '@automate/sdk';

/** A record is written whole or not at all, and the answer says which; only a call that ends early cannot. */
export const outcomes: readonly OutcomeRule[] = [
  { when: '`logged: false`: not written, for the `reason` in the answer', effect: 'none', retried: false },
  { when: 'the record is too large (INVALID_INPUT, `record_too_large`)', effect: 'none', retried: false },
  { when: 'too many records wait (OVERLOADED, `log_busy`)', effect: 'none', retried: true },
  { when: "the call's time is over before the log took the record (TIMEOUT)", effect: 'maybe', retried: false },
];
