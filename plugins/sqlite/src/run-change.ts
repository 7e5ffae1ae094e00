import { InvalidInputError } from '@automate/sdk';
import type { DatabaseSync } from 'node:sqlite';
import type { Page, Statement, StatementResult } from '@automate/sql';
import { runStatement } from './run-statement.ts';

/** The last row id stays what it was for every other statement. */
const INSERTS = /^(?:\s|;|--[^\n]*\n|\/\*[^]*?\*\/)*(?:insert|replace|with\b[^]*\binsert)\b/i;

/** Runs one statement that may change something, and tells what it changed. */
export function runChange(database: DatabaseSync, statement: Statement, page: Page, deadline: number): StatementResult {
  const before = countChanges(database);
  const result = runStatement(database, statement, { page, deadline, toTheEnd: true });
  const after = countChanges(database);
  // Of statements that change no row, changes() still tells what the one before them changed.
  const affected = after.total === before.total ? 0 : after.last;
  return {
    rows_affected: affected,
    ...(affected > 0 && INSERTS.test(statement.sql) ? { last_insert_id: String(after.rowId) } : {}),
    ...result,
  };
}

/** A transaction that one call leaves open would swallow what the next ones do. */
export function refuseOpenTransaction(database: DatabaseSync): void {
  if (!database.isTransaction) return;
  database.exec('ROLLBACK');
  throw new InvalidInputError(
    'sql: a transaction that stays open is not possible; send all of its statements to the action transaction',
    {
      details: { reason: 'open_transaction' },
    },
  );
}

function countChanges(database: DatabaseSync): { last: number; total: number; rowId: bigint } {
  const prepared = database.prepare('SELECT changes(), total_changes(), last_insert_rowid()');
  prepared.setReadBigInts(true);
  prepared.setReturnArrays(true);
  const [last = 0n, total = 0n, rowId = 0n] = prepared.get() as unknown as bigint[];
  return { last: Number(last), total: Number(total), rowId };
}
