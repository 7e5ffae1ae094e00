import type { OutcomeRule } from '@automate/sdk';
import { inCode, poolOutcomes } from '@automate/sql';
import { NOT_COMMITTED } from './sqlite-error.ts';

/** What the errors of this kind mean. Each change runs in a transaction, and nothing is in the file before its COMMIT. */
export const outcomes: readonly OutcomeRule[] = [
  {
    when: 'a statement fails, whichever its error and conflict clause (`OR FAIL`, `RAISE(FAIL)`): its transaction is undone',
    effect: 'none',
    retried: 'if `retryable`',
  },
  {
    when: 'another connection holds a lock for longer than `busy_timeout_ms`, at COMMIT too (UPSTREAM_5XX, `locked`)',
    effect: 'none',
    retried: true,
  },
  {
    when: `COMMIT, VACUUM or a pragma fails with ${inCode(NOT_COMMITTED.values())}`,
    effect: 'none',
    retried: 'if `retryable`',
  },
  { when: 'COMMIT, VACUUM or a pragma fails with another code, such as an I/O error', effect: 'maybe', retried: false },
  {
    when: 'another file took the place of this one while COMMIT waited for a lock (UPSTREAM_5XX, `file_replaced`)',
    effect: 'maybe',
    retried: false,
  },
  {
    when: 'the deadline passes between two rows, between two statements or before COMMIT (TIMEOUT)',
    effect: 'none',
    retried: true,
  },
  {
    when: 'the deadline passes in the middle of a statement that changes something (TIMEOUT): it is undone once it ends, which nobody waits for',
    effect: 'maybe',
    retried: false,
  },
  {
    when: 'the host is killed: an acknowledged change is in the file, one under way is not',
    effect: 'maybe',
    retried: false,
  },
  ...poolOutcomes,
];
