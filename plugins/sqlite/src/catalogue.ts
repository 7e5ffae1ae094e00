import type { DatabaseSync } from 'node:sqlite';
import type { Table, TableDescription, TablesWanted } from '@automate/sql';
import { traits } from './sqlite-traits.ts';

const TABLES = `SELECT 'main' AS schema, name, type FROM sqlite_schema
  WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name > ?
  ORDER BY name LIMIT ?`;

export function listTables(database: DatabaseSync, { schema, after, limit }: TablesWanted): Table[] {
  if (schema !== undefined && schema !== 'main') return [];
  const rows = database.prepare(TABLES).all(after.name, limit) as unknown as Table[];
  return rows.map(({ schema, name, type }) => ({ schema, name, type }));
}

export function describeTable(database: DatabaseSync, table: string): TableDescription | undefined {
  const [found] = ask<{ name: string; type: string; sql: string | null; wr: number; strict: number }>(
    database,
    `SELECT s.name, s.type, s.sql, l.wr, l.strict FROM sqlite_schema AS s JOIN pragma_table_list(s.name) AS l ON l.schema = 'main'
     WHERE s.type IN ('table', 'view') AND s.name = ? COLLATE NOCASE`,
    table,
  );
  if (found === undefined) return undefined;
  const options = [...(found.wr === 1 ? ['WITHOUT ROWID'] : []), ...(found.strict === 1 ? ['STRICT'] : [])];
  const definition = found.type === 'table' ? (found.sql ?? '') : '';
  const checks = checksOf(definition);
  return {
    schema: 'main',
    table: found.name,
    type: found.type,
    columns: columnsOf(database, found.name, { definition, hasRowId: found.type === 'table' && found.wr === 0 }),
    indexes: indexesOf(database, found.name),
    foreign_keys: foreignKeysOf(database, found.name),
    ...(checks.length === 0 ? {} : { checks }),
    ...(options.length === 0 ? {} : { options }),
  };
}

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly dflt_value: string | null;
  readonly pk: number;
  readonly hidden: number;
}

function columnsOf(
  database: DatabaseSync,
  table: string,
  { definition, hasRowId }: { readonly definition: string; readonly hasRowId: boolean },
) {
  const rows = ask<ColumnRow>(database, 'SELECT * FROM pragma_table_xinfo(?)', table);
  const alias = hasRowId ? rowIdAlias(database, table, rows) : undefined;
  const identity = /\bautoincrement\b/i.test(maskOpaque(definition)) ? 'auto_increment' : 'by_default';
  return rows.map(({ name, type, notnull, dflt_value: fallback, pk, hidden }) => ({
    name,
    type,
    nullable: notnull === 0 && name !== alias,
    ...(fallback === null ? {} : { default: fallback }),
    primary_key: pk > 0,
    generated: hidden === 2 || hidden === 3,
    ...(name === alias ? ({ identity } as const) : {}),
  }));
}

/** The column that is another name of the row's id, and numbers new rows: such a primary key needs no index. */
function rowIdAlias(database: DatabaseSync, table: string, rows: readonly ColumnRow[]): string | undefined {
  const [key, ...others] = rows.filter(({ pk }) => pk > 0);
  if (key === undefined || others.length > 0 || key.type.toUpperCase() !== 'INTEGER') return undefined;
  const indexes = ask<{ n: number }>(database, `SELECT 1 AS n FROM pragma_index_list(?) WHERE origin = 'pk'`, table);
  return indexes.length === 0 ? key.name : undefined;
}

/** SQLite tells of them only in the text that made the table. */
function checksOf(definition: string): { readonly name: string; readonly expression: string }[] {
  const mask = maskOpaque(definition);
  return [...mask.matchAll(/(?:\bconstraint\s+(\S+)\s+)?\bcheck\s*\(/gi)].map((match) => {
    const start = match.index + match[0].length;
    const given = match[1] === undefined ? -1 : match.index + match[0].indexOf(match[1], 'constraint'.length);
    const name = given === -1 ? '' : definition.slice(given, given + (match[1]?.length ?? 0));
    return {
      name: name.replace(/^(["`[])(.*)["`\]]$/s, '$2'),
      expression: definition.slice(start, closingOf(mask, start)).trim(),
    };
  });
}

/** Where the parenthesis ends that was opened before. */
function closingOf(mask: string, start: number): number {
  let open = 1;
  let at = start;
  for (; at < mask.length && open > 0; at += 1) open += mask[at] === '(' ? 1 : mask[at] === ')' ? -1 : 0;
  return at - 1;
}

/** The same length, with nothing in it that only looks like a part of the statement. */
function maskOpaque(sql: string): string {
  return sql.replace(traits.grammar.opaque, (found) => (/^(?:--|\/\*)/.test(found) ? ' ' : 'x').repeat(found.length));
}

function indexesOf(database: DatabaseSync, table: string) {
  const indexes = ask<{ name: string; unique: number }>(
    database,
    'SELECT name, "unique" FROM pragma_index_list(?) ORDER BY name',
    table,
  );
  return indexes.map(({ name, unique }) => ({
    name,
    unique: unique === 1,
    columns: ask<{ name: string | null }>(database, 'SELECT name FROM pragma_index_info(?) ORDER BY seqno', name).map(
      (column) => column.name ?? '',
    ),
  }));
}

function foreignKeysOf(database: DatabaseSync, table: string) {
  const rows = ask<{ id: number; table: string; from: string; to: string | null }>(
    database,
    'SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id, seq',
    table,
  );
  return [...Map.groupBy(rows, ({ id }) => id).values()].map((parts) => ({
    columns: parts.map(({ from }) => from),
    schema: 'main',
    table: parts[0]?.table ?? '',
    // Without names the key refers to the other table's primary key.
    references: parts.flatMap(({ to }) => (to === null ? [] : [to])),
  }));
}

function ask<T>(database: DatabaseSync, sql: string, value: string): T[] {
  return database.prepare(sql).all(value) as unknown as T[];
}
