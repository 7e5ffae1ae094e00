import type { DatabaseSync } from 'node:sqlite';
import { readStatement } from '@automate/sql';
import type { Page, Statement, StatementResult } from '@automate/sql';
import { runStatement } from './run-statement.ts';
import { traits } from './sqlite-traits.ts';

/** Its only row is put in before each statement, so that its id is the last one until the statement inserts another. */
const MARK = 'temp."automate: last insert"';
/** A row id that nobody gives. */
const NO_ID = -4_611_686_018_427_387_905n;

/** First words of what changes rows of the caller's: others (CREATE VIRTUAL TABLE, VACUUM) write some of SQLite's own. */
const CHANGES: ReadonlySet<string> = new Set(['insert', 'replace', 'update', 'delete', 'with']);

/** Makes ready a connection on which changes are run. */
export function prepareForChanges(database: DatabaseSync): void {
  database.exec(`CREATE TABLE ${MARK} (id INTEGER PRIMARY KEY)`);
}

/** To be run before each change: SQLite keeps the id of the last insert over all that insert nothing, and over tables without row ids. */
export const FORGET_LAST_INSERT = `REPLACE INTO ${MARK} VALUES (${NO_ID})`;

/** Runs one statement that may change something, and tells what it changed. */
export function runChange(database: DatabaseSync, statement: Statement, page: Page, deadline: number): StatementResult {
  const before = countChanges(database);
  const result = runStatement(database, statement, { page, deadline, toTheEnd: true });
  const after = countChanges(database);
  // Of statements that change no row, changes() still tells what the one before them changed.
  const changes = after.total !== before.total && CHANGES.has(readStatement(traits.grammar, statement.sql).word);
  return {
    rows_affected: changes ? after.last : 0,
    ...(!changes || after.rowId === NO_ID ? {} : { last_insert_id: String(after.rowId) }),
    ...result,
  };
}

function countChanges(database: DatabaseSync): { last: number; total: number; rowId: bigint } {
  const prepared = database.prepare('SELECT changes(), total_changes(), last_insert_rowid()');
  prepared.setReadBigInts(true);
  prepared.setReturnArrays(true);
  const [last = 0n, total = 0n, rowId = 0n] = prepared.get() as unknown as bigint[];
  return { last: Number(last), total: Number(total), rowId };
}
