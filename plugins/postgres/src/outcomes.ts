import type { OutcomeRule } from '@automate/sdk';
import { commonOutcomes, inCode, rulesOfEffects } from '@automate/sql';
import { MEANINGS } from './postgres-error.ts';
import { ATOMIC } from './postgres-traits.ts';

const WORTH_A_TRY = ['UPSTREAM_5XX', 'OVERLOADED', 'TRANSIENT_NETWORK'];
const again = MEANINGS.filter(({ code, retryable }) => retryable !== false && WORTH_A_TRY.includes(code));
const states = again.flatMap(({ of }) => of).toSorted();

/** What the errors of this kind mean. `execute` runs what is atomic in a transaction of its own. */
export const outcomes: readonly OutcomeRule[] = [
  ...rulesOfEffects(['transaction', 'open_ended', 'commit']),
  {
    when: `a statement of \`execute\` fails that begins with ${inCode([...ATOMIC].map((word) => word.toUpperCase()))}, and is not CONCURRENTLY or about a database, tablespace, subscription or the system: it runs in a transaction of its own`,
    effect: 'none',
    retried: 'if `retryable`',
  },
  { when: 'the server cannot parse or plan a statement, whichever it is', effect: 'none', retried: false },
  {
    when: `a statement that a transaction undoes fails with SQLSTATE ${inCode(states)} (the longest prefix counts)`,
    effect: 'none',
    retried: true,
  },
  {
    when: 'a statement changes something after the call itself let its transaction only read (25006, FORBIDDEN, `read_only`)',
    effect: 'none',
    retried: false,
  },
  {
    when: 'an administrator cancels a statement (57014, UPSTREAM_5XX, `canceled_by_server`)',
    effect: 'none',
    retried: false,
  },
  ...commonOutcomes,
];
