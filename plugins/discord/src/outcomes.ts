import type { OutcomeRule } from '@automate/sdk';

/** What the errors of this kind mean, where that is not what their codes mean everywhere. */
export const outcomes: readonly OutcomeRule[] = [
  {
    when: "a status of 400 to 499 without a code of Discord's own (0, or from 10001 on): a gateway before it answered",
    effect: 'none',
    retried: false,
  },
  { when: 'an answer of success that is not what Discord gives', effect: 'maybe', retried: false },
  {
    when: '`delete_message` finds no message after an attempt that may have deleted it',
    effect: 'none',
    retried: 'it is the success of the call',
  },
];
