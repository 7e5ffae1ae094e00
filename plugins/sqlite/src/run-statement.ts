import { InvalidInputError, TimeoutError } from '@automate/sdk';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { countParameters } from './count-parameters.ts';
import type { Page, RowPage } from './row-page.ts';
import { createRowPage, uniqueNames } from './row-page.ts';
import type { Parameter } from './schemas.ts';
import { fromSqlite, toSqlite } from './values.ts';

export interface Statement {
  readonly sql: string;
  readonly params: readonly Parameter[];
}

export interface ResultSet {
  readonly columns: { name: string; type: string }[];
  readonly rows: RowPage['rows'];
  readonly row_count: number;
  readonly truncated: boolean;
}

export interface RunOptions extends Page {
  /** When to stop reading, in milliseconds since the epoch. Looked at between two rows. */
  readonly deadline: number;
  /** Reads on behind the page, so that a statement that changes something while it is read comes to its end. */
  readonly toTheEnd?: boolean;
}

/** What follows a statement without being one. */
const NOTHING = /^(\s|;|--[^\n]*(\n|$)|\/\*[^]*?(\*\/|$))*$/;

/** Runs one statement and gives a page of its rows. */
export function runStatement(database: DatabaseSync, { sql, params }: Statement, options: RunOptions): ResultSet {
  const prepared = prepareOne(database, sql);
  const values = params.map(toSqlite);
  refuseWrongNumber(prepared.sourceSQL, params.length);
  const columns = prepared.columns().map(({ name, type }) => ({ name, type: type ?? '' }));
  const names = uniqueNames(columns.map(({ name }) => name));
  const page = createRowPage(names, options);
  prepared.setReadBigInts(true);
  prepared.setReturnArrays(true);
  let full = false;
  for (const row of prepared.iterate(...values) as Iterable<unknown>) {
    if (options.toTheEnd !== true && Date.now() > options.deadline)
      throw new TimeoutError('the statement did not end before the deadline of the call', { effect: 'none' });
    if (full) continue;
    const cells = row as Parameters<typeof fromSqlite>[0][];
    full = !page.add(cells.map((value, index) => fromSqlite(value, names[index] ?? '')));
    if (full && options.toTheEnd !== true) break;
  }
  return {
    columns: columns.map(({ type }, index) => ({ name: names[index] ?? '', type })),
    rows: page.rows,
    row_count: page.rows.length,
    truncated: page.truncated,
  };
}

/** SQLite compiles the first statement and leaves the rest lie; a caller would believe that it was run. */
function prepareOne(database: DatabaseSync, sql: string): StatementSync {
  const prepared = database.prepare(sql);
  if (NOTHING.test(sql.slice(prepared.sourceSQL.length))) return prepared;
  throw new InvalidInputError('sql: expected one statement, received several; send them as a transaction', {
    problems: [{ path: 'sql', expected: 'one statement', received: 'several' }],
  });
}

function refuseWrongNumber(sql: string, received: number): void {
  const expected = countParameters(sql);
  if (expected === received) return;
  throw new InvalidInputError(`params: expected ${expected} values, received ${received}`, {
    problems: [{ path: 'params', expected: `${expected} values`, received: `${received}` }],
    details: { reason: 'parameters' },
  });
}
