import type { PoolClient } from 'pg';
import pg from 'pg';
import Cursor from 'pg-cursor';
import type { Page, RowPage } from './row-page.ts';
import { createRowPage, uniqueNames } from './row-page.ts';
import type { Parameter } from './schemas.ts';
import { builtinName, fromPostgres, rawValues, toPostgres } from './values.ts';

export interface Statement {
  readonly sql: string;
  readonly params: readonly Parameter[];
}

export interface ResultSet {
  columns: { name: string; type: string }[];
  rows: RowPage['rows'];
  row_count: number;
  truncated: boolean;
}

export interface Outcome extends ResultSet {
  readonly command: string;
  readonly rows_affected: number;
}

interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}

type RawRow = readonly (string | null)[];

/** Rows fetched at once while a page is filled. */
const BATCH = 500;

/** Reads one page of a statement's rows through a cursor; the server computes little more than is wanted. */
export async function readPage(client: PoolClient, { sql, params }: Statement, page: Page): Promise<ResultSet> {
  const cursor = client.query(new Cursor(sql, params.map(toPostgres), { rowMode: 'array', types: rawValues }));
  let gathering: Gathering | undefined;
  for (;;) {
    const missing = page.offset + page.limit + 1 - (gathering?.seen ?? 0);
    const { rows, fields } = await readBatch(cursor, Math.min(BATCH, missing));
    gathering ??= gather(fields, page);
    for (const row of rows) if (!gathering.add(row)) break;
    if (rows.length === 0 || gathering.page.truncated) break;
  }
  await cursor.close();
  return nameTypes(client, gathering);
}

/** Runs one statement to its end and keeps the first of the rows that it returns. */
export async function runChange(client: PoolClient, { sql, params }: Statement, limit: number): Promise<Outcome> {
  const { promise, resolve, reject } = Promise.withResolvers<pg.QueryArrayResult>();
  // 'extended' also without parameters: the simple protocol would take several statements at once.
  const config = {
    text: sql,
    values: params.map(toPostgres),
    rowMode: 'array',
    types: rawValues,
    queryMode: 'extended',
  };
  const query = new pg.Query(config as never);
  const kept: RawRow[] = [];
  // Listening keeps the driver from gathering all of them.
  query.on('row', (row: RawRow) => {
    if (kept.length <= limit) kept.push(row);
  });
  query.on('end', (result) => resolve(result as unknown as pg.QueryArrayResult));
  query.on('error', reject);
  client.query(query);
  const result = await promise;
  const gathering = gather(result.fields, { limit, offset: 0 });
  for (const row of kept) if (!gathering.add(row)) break;
  const rows = await nameTypes(client, gathering);
  // SELECT counts the rows it gave, and changes none.
  const affected = result.command === 'SELECT' ? 0 : (result.rowCount ?? 0);
  return { command: result.command ?? '', rows_affected: affected, ...rows };
}

interface Gathering {
  readonly fields: readonly Field[];
  readonly names: readonly string[];
  readonly page: RowPage;
  readonly seen: number;
  add(row: RawRow): boolean;
}

function gather(fields: readonly Field[], limits: Page): Gathering {
  const names = uniqueNames(fields.map(({ name }) => name));
  const page = createRowPage(names, limits);
  let seen = 0;
  return {
    fields,
    names,
    page,
    get seen() {
      return seen;
    },
    add(row) {
      seen += 1;
      // What the page leaves out need not be read either.
      if (seen <= limits.offset) return page.add([]);
      return page.add(row.map((value, index) => fromPostgres(value, fields[index]?.dataTypeID ?? 0)));
    },
  };
}

function readBatch(cursor: Cursor, count: number): Promise<{ rows: RawRow[]; fields: readonly Field[] }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ rows: RawRow[]; fields: readonly Field[] }>();
  cursor.read(count, (error, rows, result) => {
    // At the end of the rows there is no result any more.
    if (error) reject(error);
    else resolve({ rows: rows as RawRow[], fields: result?.fields ?? [] });
  });
  return promise;
}

async function nameTypes(client: PoolClient, { fields, names, page }: Gathering): Promise<ResultSet> {
  const unknown = fields.map(({ dataTypeID }) => dataTypeID).filter((oid) => builtinName(oid) === undefined);
  const known = unknown.length === 0 ? new Map<number, string>() : await askTypeNames(client, unknown);
  const typeOf = (oid: number): string => builtinName(oid) ?? known.get(oid) ?? `oid ${oid}`;
  return {
    columns: fields.map(({ dataTypeID }, index) => ({ name: names[index] ?? '', type: typeOf(dataTypeID) })),
    rows: page.rows,
    row_count: page.rows.length,
    truncated: page.truncated,
  };
}

async function askTypeNames(client: PoolClient, oids: readonly number[]): Promise<Map<number, string>> {
  const { rows } = await client.query<{ oid: string; typname: string }>({
    text: 'SELECT oid, typname FROM pg_catalog.pg_type WHERE oid = ANY($1)',
    values: [oids],
  });
  return new Map(rows.map(({ oid, typname }) => [Number(oid), typname]));
}
