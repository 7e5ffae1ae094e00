import type { Session, TableDescription, TableName, TableQueries } from '@automate/sql';
import { ask, describeByQueries } from '@automate/sql';

const TYPE = `CASE TABLE_TYPE WHEN 'VIEW' THEN 'view' WHEN 'SEQUENCE' THEN 'sequence' ELSE 'table' END`;
const THIS = 'TABLE_NAME = ? AND TABLE_SCHEMA = ?';

export const TABLES = `
  SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS name, ${TYPE} AS type FROM information_schema.TABLES
  WHERE COALESCE(TABLE_SCHEMA = ?, TABLE_SCHEMA NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys'))
    AND (BINARY TABLE_SCHEMA, BINARY TABLE_NAME) > (BINARY ?, BINARY ?)
  ORDER BY BINARY TABLE_SCHEMA, BINARY TABLE_NAME LIMIT ?`;

const QUERIES: TableQueries = {
  table: `
    SELECT t.TABLE_SCHEMA AS \`schema\`, t.TABLE_NAME AS \`table\`, ${TYPE} AS type,
      (SELECT CONCAT(PARTITION_METHOD, ' (', COALESCE(PARTITION_EXPRESSION, ''), ')',
          COALESCE(CONCAT(', ', SUBPARTITION_METHOD, ' (', SUBPARTITION_EXPRESSION, ')'), ''))
        FROM information_schema.PARTITIONS p
        WHERE p.TABLE_SCHEMA = t.TABLE_SCHEMA AND p.TABLE_NAME = t.TABLE_NAME AND PARTITION_METHOD IS NOT NULL LIMIT 1) AS partition_key
    FROM information_schema.TABLES t WHERE t.TABLE_NAME = ? AND t.TABLE_SCHEMA = COALESCE(?, DATABASE())`,
  // MariaDB writes the default of a nullable column without one as NULL.
  columns: `
    SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type, IS_NULLABLE = 'YES' AS nullable,
      CASE WHEN BINARY COLUMN_DEFAULT <> 'NULL' THEN COLUMN_DEFAULT END AS \`default\`, COLUMN_KEY = 'PRI' AS primary_key,
      COALESCE(GENERATION_EXPRESSION, '') <> '' AS \`generated\`,
      CASE WHEN EXTRA LIKE '%auto_increment%' THEN 'auto_increment' END AS identity, NULLIF(COLUMN_COMMENT, '') AS comment
    FROM information_schema.COLUMNS WHERE ${THIS} ORDER BY ORDINAL_POSITION`,
  indexes: `
    SELECT INDEX_NAME AS name, NON_UNIQUE = 0 AS \`unique\`, COLUMN_NAME AS part
    FROM information_schema.STATISTICS WHERE ${THIS} ORDER BY BINARY INDEX_NAME, SEQ_IN_INDEX`,
  foreignKeys: `
    SELECT CONSTRAINT_NAME AS name, COLUMN_NAME AS part, REFERENCED_TABLE_SCHEMA AS \`schema\`,
      REFERENCED_TABLE_NAME AS \`table\`, REFERENCED_COLUMN_NAME AS reference
    FROM information_schema.KEY_COLUMN_USAGE WHERE ${THIS} AND REFERENCED_TABLE_NAME IS NOT NULL
    ORDER BY BINARY CONSTRAINT_NAME, ORDINAL_POSITION`,
};

/** A name is one of the table's in MariaDB, one of the schema's in MySQL: the columns that both tables have say which. */
const CHECKS = `
  SELECT CONSTRAINT_NAME AS name, CHECK_CLAUSE AS expression
  FROM information_schema.CHECK_CONSTRAINTS NATURAL LEFT JOIN information_schema.TABLE_CONSTRAINTS
  WHERE TABLE_NAME = ? AND CONSTRAINT_SCHEMA = ? ORDER BY BINARY CONSTRAINT_NAME`;
/** MySQL has none of them before 8.0.16. */
const CHECKS_EXIST = `SELECT 1 FROM information_schema.TABLES
  WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = 'CHECK_CONSTRAINTS'`;

export async function describeTable(session: Session, name: TableName): Promise<TableDescription | undefined> {
  const exist = await ask(session, { sql: CHECKS_EXIST, params: [] }, 1);
  const found = await describeByQueries(exist.length === 0 ? QUERIES : { ...QUERIES, checks: CHECKS })(session, name);
  return found && { ...found, columns: found.columns.map((column) => ({ ...column, ...labelsOf(column.type) })) };
}

const ESCAPED: Readonly<Record<string, string>> = { '0': '\0', n: '\n', r: '\r' };

/** The labels in `enum('a','b')` and `set('a','b')`, in which a quote is written twice and a backslash escapes. */
function labelsOf(type: string): { readonly values?: string[] } {
  if (!/^(?:enum|set)\(/i.test(type)) return {};
  const values = [...type.matchAll(/'((?:[^']|'')*)'/g)].map(([, label = '']) =>
    label.replaceAll(/''|\\([^])/g, (_all, escaped?: string) =>
      escaped === undefined ? "'" : (ESCAPED[escaped] ?? escaped),
    ),
  );
  return { values };
}
