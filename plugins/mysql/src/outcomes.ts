import { DEMOTED, inCode, outcomeRules } from '@automate/sql';
import { BEFORE_ACTING, KILLED, MEANINGS } from './mysql-error.ts';
import { UNDOABLE } from './mysql-traits.ts';

/** What is retried is a matter of the lock or the load, and may go well another time. */
const again = MEANINGS.filter(({ code }) => code === 'UPSTREAM_5XX' || code === 'OVERLOADED');
const words = inCode(UNDOABLE.map((word) => word.toUpperCase()));

/** What the errors of MySQL and MariaDB mean. */
export const outcomes = outcomeRules({
  none: {
    [`the server refuses a statement of \`transaction\`, \`insert_rows\` or \`upsert_rows\`, or one of \`execute\` that begins with ${words} or LOAD DATA, and its ROLLBACK undid all`]:
      'if `retryable`',
    [`the server cannot prepare a statement, or refuses to define something with ${inCode(BEFORE_ACTING)}: before it has done anything`]:
      'if `retryable`',
    ...Object.fromEntries(
      again.map(({ code, reason, of }) => [`${reason} (${of.join(', ')}, ${code})`, 'if all was undone']),
    ),
    [`an administrator cancels a statement, by KILL or a limit of time (${[...KILLED].join(', ')}, UPSTREAM_5XX, \`canceled_by_server\`), and all was undone`]: false,
    [DEMOTED]: true,
  },
  maybe: [
    'the server refuses one of the former, and ROLLBACK warned that a table without transactions (MyISAM, Aria, MEMORY) keeps something, written by the statement or by a trigger',
    'the server refuses another statement of `execute` (CALL, DROP, SET GLOBAL) while it runs it',
    'a CALL leaves a transaction open (INVALID_INPUT, `transaction_left_open`): it is undone, what came before it is not',
    'the connection breaks, or nobody confirms that a statement was cancelled, while something may be changed',
  ],
});
