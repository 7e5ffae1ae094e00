import { createRowPage, maskStatement } from '@automate/sql';
import type { Page, RowPage, StatementResult } from '@automate/sql';
import type { Connection, ResultSetHeader } from 'mysql2';
import { traits } from './mysql-traits.ts';
import type { TimeZone } from './time-zone.ts';
import type { Field } from './values.ts';
import { readerOf, toColumn } from './values.ts';

/** A statement with its parameters as the driver takes them. */
export interface DriverStatement {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** What the server said at the end of a statement without rows. */
export type Header = Partial<Pick<ResultSetHeader, 'serverStatus' | 'warningStatus'>>;

export interface Ran {
  readonly result: StatementResult;
  readonly header: Header;
}

/** The driver's statement that is under way. */
interface Running {
  on(event: 'fields', listener: (fields: readonly Field[] | undefined, index: number) => void): this;
  on(event: 'result', listener: (row: unknown, index: number) => void): this;
  on(event: 'error', listener: (error: unknown) => void): this;
  on(event: 'end', listener: () => void): this;
}

/** Does something over a connection, and fails with it: one that breaks tells so itself, not through what it was doing. */
export async function whileOpen<T>(
  connection: Connection,
  work: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const ended = (): void => reject(Object.assign(new Error('Connection lost'), { code: 'PROTOCOL_CONNECTION_LOST' }));
  connection.once('error', reject);
  connection.once('end', ended);
  try {
    work(resolve, reject);
    return await promise;
  } finally {
    connection.removeListener('error', reject);
    connection.removeListener('end', ended);
  }
}

/** Ends a connection at once, and what waits for it: the driver tells only of an end that came from elsewhere. */
export function breakOff(connection: Connection): void {
  const { stream } = connection as unknown as { readonly stream: { destroy(): void } };
  stream.destroy();
  connection.destroy();
  connection.emit('end');
}

/** Has the server prepare a statement, which running it then finds done, and gives the number of its parameters. */
export function prepareStatement(connection: Connection, { sql, values }: DriverStatement): Promise<number> {
  return whileOpen(connection, (resolve, reject) => {
    // The driver takes an object here as well, and keeps statements apart by what is in it.
    connection.prepare({ sql, values, rowsAsArray: true } as never, (error, statement) => {
      if (error) return reject(error);
      return resolve((statement as unknown as { readonly parameters: readonly unknown[] }).parameters.length);
    });
  });
}

/** Runs a prepared statement to its end and keeps one page of its rows. */
export async function runStatement(
  connection: Connection,
  { sql, values }: DriverStatement,
  page: Page,
  zone: TimeZone,
): Promise<Ran> {
  let rows: RowPage | undefined;
  let readers: ReturnType<typeof readerOf>[] = [];
  let header: Partial<ResultSetHeader> = {};
  let count = 0;
  let more = false;
  await whileOpen<void>(connection, (resolve, reject) => {
    const running = connection.execute({ sql, values: [...values], rowsAsArray: true } as never) as unknown as Running;
    running.on('fields', (fields, index) => {
      if (fields === undefined) return;
      // A procedure may give several results; the first one is kept.
      more ||= index > 0;
      if (index > 0) return;
      const columns = fields.map(toColumn);
      readers = columns.map((column) => readerOf(column, zone));
      rows = createRowPage(columns, page);
    });
    running.on('result', (row, index) => {
      if (!Array.isArray(row)) header = row as ResultSetHeader;
      if (!Array.isArray(row) || index > 0) return;
      count += 1;
      try {
        rows?.add(() => row.map((value, at) => readers[at]?.(value) ?? null));
      } catch (error) {
        reject(error);
      }
    });
    running.on('error', reject);
    running.on('end', resolve);
  });
  const gathered = (rows ?? createRowPage([], page)).result();
  const returns = /\breturning\b/i.test(maskStatement(traits.grammar, sql));
  const result = {
    // Where the server gives the rows that it changed, it does not count them.
    rows_affected: header.affectedRows ?? (returns ? count : 0),
    ...(Number(header.insertId ?? 0) > 0 ? { last_insert_id: String(header.insertId) } : {}),
    ...gathered,
    truncated: gathered.truncated || more,
  };
  return { result, header };
}
