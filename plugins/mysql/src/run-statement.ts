import type { PoolConnection, ResultSetHeader } from 'mysql2';
import { ConnectorInternalError, InvalidInputError } from '@automate/sdk';
import type { Page, RowPage } from './row-page.ts';
import { createRowPage, uniqueNames } from './row-page.ts';
import type { Parameter } from './schemas.ts';
import type { Field } from './values.ts';
import { fromMysql, toMysql, typeName } from './values.ts';

export interface Statement {
  readonly sql: string;
  readonly params: readonly Parameter[];
}

export interface Outcome {
  readonly rows_affected: number;
  readonly last_insert_id?: string;
  readonly columns: { name: string; type: string }[];
  readonly rows: RowPage['rows'];
  readonly row_count: number;
  readonly truncated: boolean;
}

/** The driver's statement that is under way. */
interface Running {
  on(event: 'fields', listener: (fields: readonly Field[] | undefined, index: number) => void): this;
  on(event: 'result', listener: (row: unknown, index: number) => void): this;
  on(event: 'error', listener: (error: unknown) => void): this;
  on(event: 'end', listener: () => void): this;
}

/** Runs one prepared statement to its end and keeps one page of its rows. */
export async function runStatement(
  connection: PoolConnection,
  { sql, params }: Statement,
  page: Page,
): Promise<Outcome> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // A connection that breaks tells so itself, and not through what it was doing.
  connection.once('error', reject);
  const ended = (): void => reject(Object.assign(new Error('Connection lost'), { code: 'PROTOCOL_CONNECTION_LOST' }));
  connection.once('end', ended);
  const gathered = createGathering(page, reject);
  try {
    const options = { sql, values: params.map(toMysql), rowsAsArray: true };
    await Promise.race([prepare(connection, options, params.length), promise]);
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
function prepare(connection: PoolConnection, options: { readonly sql: string }, received: number): Promise<void> {
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
  outcome(): Outcome;
}

function createGathering(page: Page, fail: (error: unknown) => void): Gathering {
  let fields: readonly Field[] = [];
  let names: readonly string[] = [];
  let rows = createRowPage([], page);
  let header: Partial<ResultSetHeader> = {};
  let seen = 0;
  let full = false;
  return {
    takeFields(given, index) {
      // A procedure may give several results; the first one is kept.
      if (given === undefined || index > 0) return;
      fields = given;
      names = uniqueNames(fields.map(({ name }) => name));
      rows = createRowPage(names, page);
    },
    takeResult(row, index) {
      if (!Array.isArray(row)) {
        header = row as ResultSetHeader;
        return;
      }
      if (index > 0 || full) return;
      seen += 1;
      try {
        const values = seen <= page.offset ? [] : row.map((value, at) => fromMysql(value, fieldAt(fields, at)));
        full = !rows.add(values);
      } catch (error) {
        full = true;
        fail(error);
      }
    },
    outcome: () => ({
      rows_affected: header.affectedRows ?? 0,
      ...(Number(header.insertId ?? 0) > 0 ? { last_insert_id: String(header.insertId) } : {}),
      columns: fields.map((field, at) => ({ name: names[at] ?? '', type: typeName(field) })),
      rows: rows.rows,
      row_count: rows.rows.length,
      truncated: rows.truncated,
    }),
  };
}

function fieldAt(fields: readonly Field[], at: number): Field {
  const field = fields[at];
  if (field !== undefined) return field;
  throw new ConnectorInternalError('the driver gave a row with more values than columns');
}
