import type { TableQueries } from '@automate/sql';
import { describeByQueries } from '@automate/sql';

const RELATIONS = `pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`;
const TYPE = `CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned_table' WHEN 'v' THEN 'view'
  WHEN 'm' THEN 'materialized_view' ELSE 'foreign_table' END`;
const THIS = `(SELECT c.oid FROM ${RELATIONS} WHERE c.relname = $1 AND n.nspname = $2)`;
const nameOf = (table: string, number: string): string =>
  `(SELECT a.attname FROM pg_catalog.pg_attribute a WHERE a.attrelid = ${table} AND a.attnum = ${number})`;

export const TABLES = `
  SELECT n.nspname AS schema, c.relname AS name, ${TYPE} AS type FROM ${RELATIONS}
  WHERE coalesce(n.nspname = $1, n.nspname <> 'information_schema' AND n.nspname !~ '^pg_')
    AND (n.nspname COLLATE "C", c.relname COLLATE "C") > ($2::text COLLATE "C", $3::text COLLATE "C")
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT $4`;

const QUERIES: TableQueries = {
  table: `
    SELECT n.nspname AS schema, c.relname AS table, ${TYPE} AS type,
      CASE c.relkind WHEN 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partition_key
    FROM ${RELATIONS} WHERE c.relname = $1 AND coalesce(n.nspname = $2, pg_catalog.pg_table_is_visible(c.oid))`,
  columns: `
    SELECT a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, NOT (a.attnotnull OR t.typnotnull) AS nullable,
      pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS default, a.attgenerated <> '' AS generated,
      CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by_default' END AS identity,
      EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey)) AS primary_key,
      (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e
        WHERE e.enumtypid IN (a.atttypid, t.typelem, t.typbasetype)) AS values,
      pg_catalog.col_description(a.attrelid, a.attnum) AS comment
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = ${THIS} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
  indexes: `
    SELECT x.relname AS name, i.indisunique AS unique, pg_catalog.pg_get_indexdef(i.indexrelid, number, true) AS part
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid, generate_series(1, i.indnkeyatts) number
    WHERE i.indrelid = ${THIS} ORDER BY x.relname COLLATE "C", number`,
  foreignKeys: `
    SELECT k.conname AS name, ${nameOf('k.conrelid', 'u.own')} AS part, n.nspname AS schema, c.relname AS table,
      ${nameOf('k.confrelid', 'u.other')} AS reference
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.confrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace, unnest(k.conkey, k.confkey) WITH ORDINALITY u(own, other, position)
    WHERE k.conrelid = ${THIS} AND k.contype = 'f' ORDER BY k.conname COLLATE "C", u.position`,
  checks: `
    SELECT k.conname AS name, pg_catalog.pg_get_expr(k.conbin, k.conrelid) AS expression
    FROM pg_catalog.pg_constraint k WHERE k.conrelid = ${THIS} AND k.contype = 'c' ORDER BY k.conname COLLATE "C"`,
};

export const describeTable = describeByQueries(QUERIES);
