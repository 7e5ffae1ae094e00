import type { Session, Table, TableDescription, TableName, TablesWanted } from '@automate/sql';
import { createRoom } from '@automate/sql';
import { z } from 'zod';

const TABLES = `
  SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS name,
    CASE TABLE_TYPE WHEN 'VIEW' THEN 'view' WHEN 'SEQUENCE' THEN 'sequence' ELSE 'table' END AS type
  FROM information_schema.TABLES
  WHERE CASE WHEN ? = '' THEN TABLE_SCHEMA NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') ELSE TABLE_SCHEMA = ? END
    AND (BINARY TABLE_SCHEMA > BINARY ? OR (BINARY TABLE_SCHEMA = BINARY ? AND BINARY TABLE_NAME > BINARY ?))
  ORDER BY BINARY TABLE_SCHEMA, BINARY TABLE_NAME`;
const TABLE = `SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS name FROM information_schema.TABLES
  WHERE TABLE_NAME = ? AND TABLE_SCHEMA = CASE WHEN ? = '' THEN DATABASE() ELSE ? END`;
const COLUMNS = `SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type, IS_NULLABLE AS nullable, COLUMN_DEFAULT AS fallback,
    COLUMN_KEY AS role, GENERATION_EXPRESSION AS expression, COLUMN_COMMENT AS comment
  FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`;
const INDEXES = `SELECT INDEX_NAME AS name, NON_UNIQUE AS repeats, COLUMN_NAME AS part
  FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY BINARY INDEX_NAME, SEQ_IN_INDEX`;
const FOREIGN_KEYS = `SELECT CONSTRAINT_NAME AS name, COLUMN_NAME AS part, REFERENCED_TABLE_SCHEMA AS \`schema\`,
    REFERENCED_TABLE_NAME AS \`table\`, REFERENCED_COLUMN_NAME AS reference
  FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND REFERENCED_TABLE_NAME IS NOT NULL
  ORDER BY BINARY CONSTRAINT_NAME, ORDINAL_POSITION`;

/** Most columns that a table can have, and more than it can have of anything else that is asked for. */
const ENOUGH = 5000;

const listRow = z.object({ schema: z.string(), name: z.string(), type: z.string() });
const tableRow = z.object({ schema: z.string(), name: z.string() });
const columnRow = z.object({
  name: z.string(),
  type: z.string(),
  nullable: z.string(),
  fallback: z.string().nullable(),
  role: z.string(),
  expression: z.string().nullable(),
  comment: z.string(),
});
const indexRow = z.object({ name: z.string(), repeats: z.coerce.number(), part: z.string().nullable() });
const keyRow = z.object({
  name: z.string(),
  part: z.string(),
  schema: z.string(),
  table: z.string(),
  reference: z.string(),
});

export function listTables(session: Session, { schema = '', after, limit }: TablesWanted): Promise<Table[]> {
  // The session lets no more rows through than these.
  return ask(session, listRow, TABLES, [schema, schema, after.schema, after.schema, after.name], limit);
}

export async function describeTable(
  session: Session,
  { schema = '', table }: TableName,
): Promise<TableDescription | undefined> {
  const [found] = await ask(session, tableRow, TABLE, [table, schema, schema]);
  if (found === undefined) return undefined;
  const place = [found.schema, found.name];
  return {
    schema: found.schema,
    table: found.name,
    columns: (await ask(session, columnRow, COLUMNS, place)).map(toColumn),
    indexes: toIndexes(await ask(session, indexRow, INDEXES, place)),
    foreign_keys: toForeignKeys(await ask(session, keyRow, FOREIGN_KEYS, place)),
  };
}

function toColumn({ name, type, nullable, fallback, role, expression, comment }: z.output<typeof columnRow>) {
  return {
    name,
    type,
    nullable: nullable === 'YES',
    // MariaDB writes the default of a nullable column without one as NULL.
    ...(fallback === null || fallback === 'NULL' ? {} : { default: fallback }),
    primary_key: role === 'PRI',
    generated: expression !== null && expression !== '',
    ...(comment === '' ? {} : { comment }),
  };
}

function toIndexes(rows: readonly z.output<typeof indexRow>[]) {
  return [...Map.groupBy(rows, ({ name }) => name)].map(([name, parts]) => ({
    name,
    unique: parts[0]?.repeats === 0,
    columns: parts.map(({ part }) => part ?? ''),
  }));
}

function toForeignKeys(rows: readonly z.output<typeof keyRow>[]) {
  return [...Map.groupBy(rows, ({ name }) => name)].map(([name, parts]) => ({
    name,
    columns: parts.map(({ part }) => part),
    schema: parts[0]?.schema ?? '',
    table: parts[0]?.table ?? '',
    references: parts.map(({ reference }) => reference),
  }));
}

async function ask<S extends z.ZodType>(
  session: Session,
  row: S,
  sql: string,
  params: string[],
  limit = ENOUGH,
): Promise<z.output<S>[]> {
  const page = { limit, offset: 0, room: createRoom(), tooLarge: 'refuse' } as const;
  const { rows } = await session.run({ sql, params }, page);
  return z.array(row).parse(rows);
}
