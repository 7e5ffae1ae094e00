import type { OutcomeRule } from '@automate/sdk';
import { WITHOUT_EFFECT } from './slack-error.ts';

/** What the errors of this kind mean, where that is not what their codes mean everywhere. */
export const outcomes: readonly OutcomeRule[] = [
  {
    when: `Slack gives up before it does anything: ${[...WITHOUT_EFFECT].map((string) => `\`${string}\``).join(', ')}`,
    effect: 'none',
    retried: true,
  },
  { when: 'Slack fails with a string that nobody knows', effect: 'maybe', retried: false },
  {
    when: 'a status of 400 to 499 without a word of Slack: a gateway before it answered',
    effect: 'none',
    retried: false,
  },
  {
    when: 'an attempt finds done what the one before it may have done: reaction, deletion, invitation, archiving',
    effect: 'none',
    retried: 'it is the success of the call',
  },
];
