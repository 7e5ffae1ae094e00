import type { Session, TableDescription, TableName, TableQueries } from '@automate/sql';
import { describeByQueries, maskStatement } from '@automate/sql';
import { traits } from './sqlite-traits.ts';

export const TABLES = `
  SELECT 'main' AS schema, name, type FROM sqlite_schema
  WHERE coalesce(? = 'main', 1) AND type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND ('main', name) > (?, ?)
  ORDER BY name LIMIT ?`;

const QUERIES: TableQueries = {
  table: `
    SELECT 'main' AS schema, s.name AS "table", s.type, s.sql AS definition, l.wr AS is_without_row_id, l.strict AS is_strict
    FROM sqlite_schema AS s JOIN pragma_table_list(s.name) AS l ON l.schema = 'main'
    WHERE s.type IN ('table', 'view') AND s.name = ? COLLATE NOCASE AND coalesce(? = 'main', 1)`,
  // A column is another name of the row's id, and numbers new rows, where it is a primary key that needs no index.
  columns: `
    SELECT name, type, required = 0 AND NOT is_row_id AS nullable, fallback AS "default", pk > 0 AS primary_key,
      hidden IN (2, 3) AS generated, CASE WHEN is_row_id THEN 'by_default' END AS identity
    FROM (
      SELECT c.cid, c.name, c.type, c."notnull" AS required, c.dflt_value AS fallback, c.pk, c.hidden,
        c.pk > 0 AND sum(c.pk > 0) OVER () = 1 AND upper(c.type) = 'INTEGER' AND l.type = 'table' AND l.wr = 0
          AND NOT EXISTS (SELECT 1 FROM pragma_index_list(l.name) WHERE origin = 'pk') AS is_row_id
      FROM pragma_table_list AS l JOIN pragma_table_xinfo(l.name) AS c WHERE l.name = ? AND l.schema = ?)
    ORDER BY cid`,
  indexes: `
    SELECT l.name, l."unique", c.name AS part FROM pragma_index_list(?, ?) AS l JOIN pragma_index_info(l.name) AS c
    ORDER BY l.name, c.seqno`,
  foreignKeys: `
    SELECT id, "from" AS part, 'main' AS schema, "table", "to" AS reference FROM pragma_foreign_key_list(?, ?) ORDER BY id, seq`,
};

/** What the query of the table tells beside the description. */
interface Definition {
  readonly definition: string | null;
  readonly is_without_row_id: number;
  readonly is_strict: number;
}

export async function describeTable(session: Session, name: TableName): Promise<TableDescription | undefined> {
  const found = (await describeByQueries(QUERIES)(session, name)) as (TableDescription & Definition) | undefined;
  if (found?.type !== 'table') return found;
  const definition = found.definition ?? '';
  const checks = checksOf(definition);
  const numbersOnlyOnce = /\bautoincrement\b/i.test(maskStatement(traits.grammar, definition));
  const options = [
    ...(found.is_without_row_id === 1 ? ['WITHOUT ROWID'] : []),
    ...(found.is_strict === 1 ? ['STRICT'] : []),
  ];
  return {
    ...found,
    columns: found.columns.map((column) =>
      column.identity !== undefined && numbersOnlyOnce ? { ...column, identity: 'auto_increment' } : column,
    ),
    ...(checks.length === 0 ? {} : { checks }),
    ...(options.length === 0 ? {} : { options }),
  };
}

/** SQLite tells of them only in the text that made the table. */
function checksOf(definition: string): { readonly name: string; readonly expression: string }[] {
  const mask = maskStatement(traits.grammar, definition);
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
