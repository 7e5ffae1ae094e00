import { TimeoutError } from '@automate/sdk';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Category, Page, ResultSet, Statement } from '@automate/sql';
import { createRowPage, maskStatement, wrongCount, wrongInput } from '@automate/sql';
import { traits } from './sqlite-traits.ts';
import { fromSqlite, toSqlite } from './values.ts';

export interface RunOptions {
  readonly page: Page;
  /** When to stop reading, in milliseconds since the epoch. Looked at between two rows. */
  readonly deadline: number;
  /** Reads on behind the page, so that a statement that changes something while it is read comes to its end. */
  readonly toTheEnd?: boolean;
}

/** A dollar sign may be part of a name, too. */
const PARAMETER = /\?\d*|(?<![\w$\u0080-\uffff])[:@$][\w$\u0080-\uffff]+/g;

/** What follows a statement without being one. */
const NOTHING = /^(\s|;|--[^\n]*(\n|$)|\/\*[^]*?(\*\/|$))*$/;

/** Runs one statement and gives a page of its rows. */
export function runStatement(database: DatabaseSync, { sql, params }: Statement, options: RunOptions): ResultSet {
  const prepared = prepareOne(database, sql);
  const values = params.map(toSqlite);
  const expected = countParameters(prepared.sourceSQL);
  if (expected !== params.length) throw wrongCount(expected, params.length);
  prepared.setReadBigInts(true);
  prepared.setReturnArrays(true);
  const rows = prepared.iterate(...values) as unknown as Iterator<Parameters<typeof fromSqlite>[0][]>;
  try {
    let next = rows.next();
    // Not before: another program may have changed the table since the statement was compiled.
    const page = createRowPage(columnsOf(prepared), options.page);
    for (; next.done !== true; next = rows.next()) {
      if (Date.now() > options.deadline)
        throw new TimeoutError('the statement did not end before the deadline of the call', { effect: 'none' });
      const values = next.value;
      page.add(() => values.map(fromSqlite));
      if (page.isFull && options.toTheEnd !== true) break;
    }
    return page.result();
  } finally {
    // A statement that was left, or that failed, would stay open: with its lock, and with every later change uncommitted.
    rows.return?.();
  }
}

function columnsOf(prepared: StatementSync) {
  return prepared.columns().map(({ name, type }) => ({ name, type: type ?? '', category: categoryOf(type) }));
}

/** By the declared type, as SQLite finds a column's affinity. */
function categoryOf(type: string | null): Category {
  if (type === null) return 'other';
  if (/int/i.test(type)) return 'integer';
  if (/char|clob|text/i.test(type)) return 'text';
  if (/blob/i.test(type)) return 'bytes';
  return /real|floa|doub/i.test(type) ? 'float' : 'other';
}

/** SQLite compiles the first statement and leaves the rest lie; a caller would believe that it was run. */
function prepareOne(database: DatabaseSync, sql: string): StatementSync {
  const prepared = database.prepare(sql);
  if (NOTHING.test(sql.slice(prepared.sourceSQL.length))) return prepared;
  throw wrongInput({
    path: 'sql',
    expected: 'one statement',
    received: 'several; send them as a transaction',
    reason: 'statement',
  });
}

/**
 * How many values a statement wants. SQLite itself takes NULL for those that are missing.
 *
 * @throws InvalidInputError for parameters that have a name or a number.
 */
function countParameters(sql: string): number {
  const parameters = maskStatement(traits.grammar, sql).match(PARAMETER) ?? [];
  const named = parameters.find((parameter) => parameter !== '?');
  if (named === undefined) return parameters.length;
  throw wrongInput({ path: 'sql', expected: '? for each parameter', received: named });
}
