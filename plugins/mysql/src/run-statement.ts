import type { Connection, ResultSetHeader } from 'mysql2';
import { ConnectorInternalError, InvalidInputError } from '@automate/sdk';
import type { Page, RowPage, Statement, StatementResult } from '@automate/sql';
import { createRowPage } from '@automate/sql';
import type { Field } from './values.ts';
import { categoryOf, fromMysql, toMysql, typeName } from './values.ts';

/** The driver's statement that is under way. */
interface Running {
  on(event: 'fields', listener: (fields: readonly Field[] | undefined, index: number) => void): this;
  on(event: 'result', listener: (row: unknown, index: number) => void): this;
  on(event: 'error', listener: (error: unknown) => void): this;
  on(event: 'end', listener: () => void): this;
}

/** Runs one prepared statement to its end and keeps one page of its rows. */
export async function runStatement(
  connection: Connection,
  { sql, params }: Statement,
  page: Page,
): Promise<StatementResult> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // A connection that breaks tells so itself, and not through what it was doing.
  connection.once('error', reject);
  const ended = (): void => reject(Object.assign(new Error('Connection lost'), { code: 'PROTOCOL_CONNECTION_LOST' }));
  connection.once('end', ended);
  const gathered = createGathering(page, reject);
  try {
    const options = { sql, values: params.map(toMysql), rowsAsArray: true };
    await Promise.race([prepare(connection, options, params.length), promise]).catch((error: Error) => {
      throw Object.assign(error, { neverRun: true });
    });
    const running = connection.execute(options) as unknown as Running;
    running.on('fields', gathered.takeFields);
    running.on('result', gathered.takeResult);
    running.on('error', reject);
    running.on('end', resolve);
    await promise;
    return gathered.outcome();
  } finally {
    connection.removeListener('error', reject);
    connection.removeListener('end', ended);
  }
}

/** Has the server prepare the statement, which `execute` then finds done, and counts its parameters: MariaDB does not. */
function prepare(connection: Connection, options: { readonly sql: string }, received: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // The driver takes an object here as well, and keeps statements apart by what is in it.
  connection.prepare(options as never, (error, statement) => {
    if (error) return reject(error);
    const { parameters } = statement as unknown as { readonly parameters: readonly unknown[] };
    if (parameters.length === received) return resolve();
    const expected = `${parameters.length} values`;
    const problem = { path: 'params', expected, received: `${received}` };
    return reject(
      new InvalidInputError(`params: expected ${expected}, received ${received}`, {
        problems: [problem],
        details: { reason: 'parameters' },
      }),
    );
  });
  return promise;
}

interface Gathering {
  takeFields(this: void, fields: readonly Field[] | undefined, index: number): void;
  takeResult(this: void, row: unknown, index: number): void;
  outcome(): StatementResult;
}

function createGathering(page: Page, fail: (error: unknown) => void): Gathering {
  let fields: readonly Field[] = [];
  let rows: RowPage | undefined;
  let header: Partial<ResultSetHeader> = {};
  return {
    takeFields(given, index) {
      // A procedure may give several results; the first one is kept.
      if (given === undefined || index > 0) return;
      fields = given;
      const columns = fields.map((field) => ({ name: field.name, type: typeName(field), category: categoryOf(field) }));
      rows = createRowPage(columns, page);
    },
    takeResult(row, index) {
      if (!Array.isArray(row)) {
        header = row as ResultSetHeader;
        return;
      }
      if (index > 0 || rows === undefined || rows.isFull) return;
      try {
        rows.add(rows.skips ? [] : row.map((value, at) => fromMysql(value, fieldAt(fields, at))));
      } catch (error) {
        fail(error);
      }
    },
    outcome: () => ({
      rows_affected: header.affectedRows ?? 0,
      ...(Number(header.insertId ?? 0) > 0 ? { last_insert_id: String(header.insertId) } : {}),
      ...(rows?.result() ?? { columns: [], rows: [], row_count: 0, truncated: false }),
    }),
  };
}

function fieldAt(fields: readonly Field[], at: number): Field {
  const field = fields[at];
  if (field !== undefined) return field;
  throw new ConnectorInternalError('the driver gave a row with more values than columns');
}
