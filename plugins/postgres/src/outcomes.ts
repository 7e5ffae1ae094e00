import { DEMOTED, inCode, outcomeRules } from '@automate/sql';
import { MEANINGS } from './postgres-error.ts';
import { ATOMIC } from './postgres-traits.ts';

const WORTH_A_TRY = ['UPSTREAM_5XX', 'OVERLOADED', 'TRANSIENT_NETWORK'];
const again = MEANINGS.filter(({ code, retryable }) => retryable !== false && WORTH_A_TRY.includes(code));
const states = again.flatMap(({ of }) => of).toSorted();
const words = [...ATOMIC].map((word) => word.toUpperCase());

/** What the errors of this kind mean. `execute` runs what is atomic in a transaction of its own. */
export const outcomes = outcomeRules({
  none: {
    'a statement of `transaction`, `insert_rows` or `upsert_rows` fails before COMMIT, or the server refuses the COMMIT':
      'if `retryable`',
    [`a statement of \`execute\` fails that begins with ${inCode(words)}, and is not CONCURRENTLY or about a database, tablespace, subscription or the system: it runs in a transaction of its own`]:
      'if `retryable`',
    'the server cannot parse or plan a statement, whichever it is': false,
    [`a statement that a transaction undoes fails with SQLSTATE ${inCode(states)} (the longest prefix counts)`]: true,
    'a statement changes something after the call itself let its transaction only read (25006, FORBIDDEN, `read_only`)': false,
    'an administrator cancels a statement (57014, UPSTREAM_5XX, `canceled_by_server`)': false,
    [DEMOTED]: true,
  },
  maybe: [
    'another statement of `execute` fails, which may leave something behind',
    'no word comes on COMMIT: the connection broke, or nothing confirmed that it was cancelled',
  ],
});
