import type { Session, Table, TableDescription, TableName, TablesWanted } from '@automate/sql';
import { ask } from '@automate/sql';

const TABLES = `
  SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS name,
    CASE TABLE_TYPE WHEN 'VIEW' THEN 'view' WHEN 'SEQUENCE' THEN 'sequence' ELSE 'table' END AS type
  FROM information_schema.TABLES
  WHERE CASE WHEN ? = '' THEN TABLE_SCHEMA NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') ELSE TABLE_SCHEMA = ? END
    AND (BINARY TABLE_SCHEMA > BINARY ? OR (BINARY TABLE_SCHEMA = BINARY ? AND BINARY TABLE_NAME > BINARY ?))
  ORDER BY BINARY TABLE_SCHEMA, BINARY TABLE_NAME`;
const TABLE = `SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS name,
    CASE TABLE_TYPE WHEN 'VIEW' THEN 'view' WHEN 'SEQUENCE' THEN 'sequence' ELSE 'table' END AS type
  FROM information_schema.TABLES
  WHERE TABLE_NAME = ? AND TABLE_SCHEMA = CASE WHEN ? = '' THEN DATABASE() ELSE ? END`;
const COLUMNS = `SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type, IS_NULLABLE AS nullable, COLUMN_DEFAULT AS fallback,
    COLUMN_KEY AS role, EXTRA AS extra, GENERATION_EXPRESSION AS expression, COLUMN_COMMENT AS comment
  FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`;
const INDEXES = `SELECT INDEX_NAME AS name, NON_UNIQUE AS repeats, COLUMN_NAME AS part
  FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY BINARY INDEX_NAME, SEQ_IN_INDEX`;
const FOREIGN_KEYS = `SELECT CONSTRAINT_NAME AS name, COLUMN_NAME AS part, REFERENCED_TABLE_SCHEMA AS \`schema\`,
    REFERENCED_TABLE_NAME AS \`table\`, REFERENCED_COLUMN_NAME AS reference
  FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND REFERENCED_TABLE_NAME IS NOT NULL
  ORDER BY BINARY CONSTRAINT_NAME, ORDINAL_POSITION`;
/** MySQL has none of the first before 8.0.16; a name is one of the table's in MariaDB, one of the schema's in MySQL. */
const CHECKS_EXIST = `SELECT MAX(COLUMN_NAME = 'TABLE_NAME') AS by_table FROM information_schema.COLUMNS
  WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = 'CHECK_CONSTRAINTS'`;
const CHECKS = `SELECT k.CONSTRAINT_NAME AS name, k.CHECK_CLAUSE AS expression FROM information_schema.CHECK_CONSTRAINTS k`;
const CHECKS_BY_TABLE = `${CHECKS} WHERE k.CONSTRAINT_SCHEMA = ? AND k.TABLE_NAME = ? ORDER BY BINARY k.CONSTRAINT_NAME`;
const CHECKS_BY_SCHEMA = `${CHECKS} JOIN information_schema.TABLE_CONSTRAINTS t USING (CONSTRAINT_SCHEMA, CONSTRAINT_NAME)
  WHERE t.TABLE_SCHEMA = ? AND t.TABLE_NAME = ? AND t.CONSTRAINT_TYPE = 'CHECK' ORDER BY BINARY k.CONSTRAINT_NAME`;
const PARTITION_KEY = `SELECT CONCAT(PARTITION_METHOD, ' (', COALESCE(PARTITION_EXPRESSION, ''), ')',
    COALESCE(CONCAT(', ', SUBPARTITION_METHOD, ' (', SUBPARTITION_EXPRESSION, ')'), '')) AS partition_key
  FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND PARTITION_METHOD IS NOT NULL LIMIT 1`;

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly nullable: string;
  readonly fallback: string | null;
  readonly role: string;
  readonly extra: string;
  readonly expression: string | null;
  readonly comment: string;
}

interface IndexRow {
  readonly name: string;
  readonly repeats: number;
  readonly part: string | null;
}

interface KeyRow {
  readonly name: string;
  readonly schema: string;
  readonly part: string;
  readonly table: string;
  readonly reference: string;
}

/** Tables and views by database and name, in the order of their bytes. */
export function listTables(session: Session, { schema = '', after, limit }: TablesWanted): Promise<readonly Table[]> {
  return rowsOf<Table>(session, TABLES, [schema, schema, after.schema, after.schema, after.name], limit);
}

/** What a table is made of; undefined if there is none of that name. */
export async function describeTable(
  session: Session,
  { schema = '', table }: TableName,
): Promise<TableDescription | undefined> {
  const [found] = await rowsOf<Table>(session, TABLE, [table, schema, schema]);
  if (found === undefined) return undefined;
  const place = [found.schema, found.name];
  const checks = await checksOf(session, place);
  const [partition] = await rowsOf<{ partition_key: string }>(session, PARTITION_KEY, place);
  const indexes = Map.groupBy(await rowsOf<IndexRow>(session, INDEXES, place), ({ name }) => name);
  const keys = Map.groupBy(await rowsOf<KeyRow>(session, FOREIGN_KEYS, place), ({ name }) => name);
  return {
    schema: found.schema,
    table: found.name,
    type: found.type,
    columns: (await rowsOf<ColumnRow>(session, COLUMNS, place)).map(toColumn),
    indexes: [...indexes].map(([name, parts]) => ({
      name,
      unique: parts[0]?.repeats === 0,
      columns: parts.map(({ part }) => part ?? ''),
    })),
    foreign_keys: [...keys].map(([name, parts]) => ({
      name,
      columns: parts.map(({ part }) => part),
      schema: parts[0]?.schema ?? '',
      table: parts[0]?.table ?? '',
      references: parts.map(({ reference }) => reference),
    })),
    ...(checks.length === 0 ? {} : { checks }),
    ...partition,
  };
}

async function checksOf(session: Session, place: string[]) {
  const [known] = await rowsOf<{ by_table: number | null }>(session, CHECKS_EXIST, []);
  if (known === undefined || known.by_table === null) return [];
  const sql = Number(known.by_table) > 0 ? CHECKS_BY_TABLE : CHECKS_BY_SCHEMA;
  return rowsOf<{ name: string; expression: string }>(session, sql, place);
}

function toColumn({ name, type, nullable, fallback, role, extra, expression, comment }: ColumnRow) {
  const values = labelsOf(type);
  return {
    name,
    type,
    nullable: nullable === 'YES',
    // MariaDB writes the default of a nullable column without one as NULL.
    ...(fallback === null || fallback === 'NULL' ? {} : { default: fallback }),
    primary_key: role === 'PRI',
    generated: expression !== null && expression !== '',
    ...(/\bauto_increment\b/i.test(extra) ? { identity: 'auto_increment' as const } : {}),
    ...(values === undefined ? {} : { values }),
    ...(comment === '' ? {} : { comment }),
  };
}

const ESCAPED: Readonly<Record<string, string>> = { '0': '\0', n: '\n', r: '\r' };

/** The labels in `enum('a','b')` and `set('a','b')`, in which a quote is written twice and a backslash escapes. */
function labelsOf(type: string): string[] | undefined {
  if (!/^(?:enum|set)\(/i.test(type)) return undefined;
  return [...type.matchAll(/'((?:[^']|'')*)'/g)].map(([, label = '']) =>
    label.replaceAll(/''|\\([^])/g, (_all, escaped?: string) =>
      escaped === undefined ? "'" : (ESCAPED[escaped] ?? escaped),
    ),
  );
}

/** More rows than a table has columns, indexes or keys. */
const ENOUGH = 10_000;

async function rowsOf<T>(session: Session, sql: string, params: string[], limit = ENOUGH): Promise<T[]> {
  return (await ask(session, { sql, params }, limit)) as T[];
}
