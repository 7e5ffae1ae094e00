import type { OutcomeRule } from '@automate/sdk';
import { commonOutcomes, inCode } from '@automate/sql';
import { BEFORE_ACTING, KILLED, MEANINGS } from './mysql-error.ts';
import { UNDOABLE } from './mysql-traits.ts';

/** What is retried is a matter of the lock or the load, and may go well another time. */
const again = MEANINGS.filter(({ code: meant }) => meant === 'UPSTREAM_5XX' || meant === 'OVERLOADED');

/** What the errors of MySQL and MariaDB mean. */
export const outcomes: readonly OutcomeRule[] = [
  {
    when: `the server refuses a statement of \`transaction\`, \`insert_rows\` or \`upsert_rows\`, or one of \`execute\` that begins with ${inCode(UNDOABLE.map((word) => word.toUpperCase()))} or LOAD DATA, and its ROLLBACK undid all`,
    effect: 'none',
    retried: 'if `retryable`',
  },
  {
    when: 'the same, and ROLLBACK warned that a table without transactions (MyISAM, Aria, MEMORY) keeps something, written by the statement or by a trigger',
    effect: 'maybe',
    retried: false,
  },
  {
    when: 'the server refuses another statement of `execute` (CALL, DROP, SET GLOBAL) while it runs it',
    effect: 'maybe',
    retried: false,
  },
  {
    when: `the server cannot prepare a statement, or refuses to define something with ${inCode(BEFORE_ACTING)}: before it has done anything`,
    effect: 'none',
    retried: 'if `retryable`',
  },
  {
    when: 'a CALL leaves a transaction open (INVALID_INPUT, `transaction_left_open`): it is undone, what came before it is not',
    effect: 'maybe',
    retried: false,
  },
  {
    when: 'the connection breaks, or nobody confirms that a statement was cancelled, while something may be changed',
    effect: 'maybe',
    retried: false,
  },
  ...again.map(({ code: meant, reason, of }): OutcomeRule => {
    return { when: `${reason} (${of.join(', ')}, ${meant})`, effect: 'none', retried: 'if all was undone' };
  }),
  {
    when: `an administrator cancels a statement, by KILL or a limit of time (${[...KILLED].join(', ')}, UPSTREAM_5XX, \`canceled_by_server\`), and all was undone`,
    effect: 'none',
    retried: false,
  },
  ...commonOutcomes,
];
