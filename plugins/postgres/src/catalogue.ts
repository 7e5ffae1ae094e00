import type { Session, Table, TableDescription, TableName, TablesWanted } from '@automate/sql';
import { ask } from '@automate/sql';

const TABLES = `
  SELECT n.nspname AS schema, c.relname AS name, ${typeOf('c')} AS type
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND CASE WHEN $1::text IS NULL THEN n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' ELSE n.nspname = $1 END
    AND (n.nspname COLLATE "C", c.relname COLLATE "C") > ($2::text COLLATE "C", $3::text COLLATE "C")
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT $4`;

/** The whole description as one JSON value, in which what is not there is null. */
const DESCRIPTION = `
  SELECT json_build_object(
    'schema', n.nspname, 'table', c.relname, 'type', ${typeOf('c')},
    'columns', (SELECT coalesce(json_agg(json_build_object(
        'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'nullable', NOT (a.attnotnull OR t.typnotnull),
        'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid), 'generated', a.attgenerated <> '',
        'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by_default' END,
        'primary_key', EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)),
        'values', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e
          WHERE e.enumtypid IN (a.atttypid, t.typelem, t.typbasetype)),
        'comment', pg_catalog.col_description(c.oid, a.attnum)) ORDER BY a.attnum), '[]')
      FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    'indexes', (SELECT coalesce(json_agg(json_build_object(
        'name', x.relname, 'unique', i.indisunique,
        'columns', ARRAY(SELECT pg_catalog.pg_get_indexdef(i.indexrelid, n, true) FROM generate_series(1, i.indnkeyatts) n))
        ORDER BY x.relname COLLATE "C"), '[]')
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid),
    'foreign_keys', (SELECT coalesce(json_agg(json_build_object(
        'name', k.conname, 'columns', ${namesOf('conrelid', 'conkey')},
        'schema', fn.nspname, 'table', fc.relname, 'references', ${namesOf('confrelid', 'confkey')})
        ORDER BY k.conname COLLATE "C"), '[]')
      FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class fc ON fc.oid = k.confrelid
        JOIN pg_catalog.pg_namespace fn ON fn.oid = fc.relnamespace
      WHERE k.conrelid = c.oid AND k.contype = 'f'),
    'checks', (SELECT json_agg(json_build_object(
        'name', k.conname, 'expression', pg_catalog.pg_get_expr(k.conbin, k.conrelid)) ORDER BY k.conname COLLATE "C")
      FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c'),
    'partition_key', CASE c.relkind WHEN 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END) AS description
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND CASE WHEN $2::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = $2 END`;

function typeOf(table: string): string {
  return `CASE ${table}.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned_table' WHEN 'v' THEN 'view'
    WHEN 'm' THEN 'materialized_view' ELSE 'foreign_table' END`;
}

function namesOf(table: string, numbers: string): string {
  return `ARRAY(SELECT a.attname FROM unnest(k.${numbers}) WITH ORDINALITY u(number, position)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.${table} AND a.attnum = u.number ORDER BY u.position)`;
}

export async function listTables(session: Session, { schema, after, limit }: TablesWanted): Promise<readonly Table[]> {
  const params = [schema ?? null, after.schema, after.name, limit];
  return (await ask(session, { sql: TABLES, params }, limit)) as unknown as readonly Table[];
}

export async function describeTable(
  session: Session,
  { schema, table }: TableName,
): Promise<TableDescription | undefined> {
  const [row] = await ask(session, { sql: DESCRIPTION, params: [table, schema ?? null] }, 1);
  if (row === undefined) return undefined;
  const { description } = row as { readonly description: Record<string, unknown> };
  return withoutNulls(description) as TableDescription;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const present = Object.entries(value).filter(([, each]) => each !== null);
  return Object.fromEntries(present.map(([key, each]) => [key, withoutNulls(each)]));
}
