import { inCode, outcomeRules } from '@automate/sql';
import { NOT_COMMITTED } from './sqlite-error.ts';

/** What the errors of this kind mean. Each change runs in a transaction, and nothing is in the file before its COMMIT. */
export const outcomes = outcomeRules({
  none: {
    'a statement fails, whichever its error and conflict clause (`OR FAIL`, `RAISE(FAIL)`): its transaction is undone':
      'if `retryable`',
    'another connection holds a lock for longer than `busy_timeout_ms`, at COMMIT too (UPSTREAM_5XX, `locked`)': true,
    [`COMMIT, VACUUM or a pragma fails with ${inCode(NOT_COMMITTED.values())}`]: 'if `retryable`',
    'the deadline passes between two rows, between two statements or before COMMIT (TIMEOUT)': true,
  },
  maybe: [
    'COMMIT, VACUUM or a pragma fails with another code, such as an I/O error',
    'another file took the place of this one while COMMIT waited for a lock (UPSTREAM_5XX, `file_replaced`)',
    'the deadline passes in the middle of a statement that changes something (TIMEOUT): it is undone once it ends, which nobody waits for',
    'the host is killed: an acknowledged change is in the file, one under way is not',
  ],
});
