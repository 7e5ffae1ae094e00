import type { OutcomeRule } from '@automate/sdk';
import { commonOutcomes, rulesOfEffects } from '@automate/sql';
import { MEANINGS } from './postgres-error.ts';
import { ATOMIC } from './postgres-traits.ts';

const code = (words: Iterable<string>): string => [...words].map((word) => `\`${word}\``).join(', ');
const WORTH_A_TRY = ['UPSTREAM_5XX', 'OVERLOADED', 'TRANSIENT_NETWORK'];
const states = Object.entries(MEANINGS)
  .filter(([, { code: meant, retryable }]) => retryable !== false && WORTH_A_TRY.includes(meant))
  .map(([state]) => state)
  .toSorted();

/** What the errors of this kind mean. `execute` runs what is atomic in a transaction of its own. */
export const outcomes: readonly OutcomeRule[] = [
  ...rulesOfEffects(['transaction', 'open_ended', 'commit']),
  {
    when: `as part of a transaction counts a statement of \`execute\` that begins with ${code([...ATOMIC].map((word) => word.toUpperCase()))}, unless it is CONCURRENTLY or about a database, tablespace, subscription or the system; all others may leave something behind`,
    effect: 'none',
    retried: 'if `retryable`',
  },
  { when: 'the server cannot parse or plan a statement, whichever it is', effect: 'none', retried: false },
  {
    when: `\`retryable\` are the SQLSTATEs ${code(states)} (of the longest prefix here) and 25006`,
    effect: 'none',
    retried: true,
  },
  {
    when: 'an administrator cancels a statement (57014, UPSTREAM_5XX, `canceled_by_server`)',
    effect: 'none',
    retried: false,
  },
  ...commonOutcomes,
];
