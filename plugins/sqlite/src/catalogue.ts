import type { DatabaseSync } from 'node:sqlite';
import type { Table, TableDescription, TablesWanted } from '@automate/sql';

const TABLES = `SELECT 'main' AS schema, name, type FROM sqlite_schema
  WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name > ?
  ORDER BY name LIMIT ?`;

export function listTables(database: DatabaseSync, { after, limit }: TablesWanted): Table[] {
  const rows = database.prepare(TABLES).all(after.name, limit) as unknown as Table[];
  return rows.map(({ schema, name, type }) => ({ schema, name, type }));
}

export function describeTable(database: DatabaseSync, table: string): TableDescription | undefined {
  const [found] = ask<{ name: string; type: string }>(
    database,
    `SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE`,
    table,
  );
  if (found === undefined) return undefined;
  return {
    schema: 'main',
    table: found.name,
    type: found.type,
    columns: columnsOf(database, found.name),
    indexes: indexesOf(database, found.name),
    foreign_keys: foreignKeysOf(database, found.name),
  };
}

function columnsOf(database: DatabaseSync, table: string) {
  return ask<{ name: string; type: string; notnull: number; dflt_value: string | null; pk: number; hidden: number }>(
    database,
    'SELECT * FROM pragma_table_xinfo(?)',
    table,
  ).map(({ name, type, notnull, dflt_value: fallback, pk, hidden }) => ({
    name,
    type,
    nullable: notnull === 0,
    ...(fallback === null ? {} : { default: fallback }),
    primary_key: pk > 0,
    generated: hidden === 2 || hidden === 3,
  }));
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
