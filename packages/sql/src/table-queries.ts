import { ask } from './ask.ts';
import type { Session, TableName } from './dialect.ts';
import type { Row } from './result-schemas.ts';
import type { TableDescription } from './table-schemas.ts';

/** More rows than a table has columns, indexes or keys. */
export const ENOUGH = 10_000;

/**
 * Statements that tell what a table is made of, in order. Their parameters are its name and its schema. Their rows have
 * what the description has; what is null in them is left out of it, and flags may be 0 and 1.
 */
export interface TableQueries {
  /** The table itself, where the schema may be null. */
  readonly table: string;
  readonly columns: string;
  /** A row for each column: `name` and `unique` of the index, and `part`, the column. */
  readonly indexes: string;
  /** A row for each column: `name` (or `id`) of the key, `part`, the column, and `reference`, the one that it refers to. */
  readonly foreignKeys: string;
  readonly checks?: string;
}

/** What a table is made of, as the dialect's `describeTable` says it. */
export const describeByQueries =
  (queries: TableQueries) =>
  async (session: Session, name: TableName): Promise<TableDescription | undefined> => {
    const rowsOf = (
      sql: string,
      { table, schema = null }: { readonly table: string; readonly schema?: string | null },
    ) => ask(session, { sql, params: [table, schema] }, ENOUGH);
    const [table] = await rowsOf(queries.table, { ...name });
    if (table === undefined) return undefined;
    const place = table as { readonly table: string; readonly schema: string };
    const checks = queries.checks === undefined ? [] : await rowsOf(queries.checks, place);
    const columns = await rowsOf(queries.columns, place);
    const indexes = Map.groupBy(await rowsOf(queries.indexes, place), ({ name: index }) => index);
    const keys = Map.groupBy(await rowsOf(queries.foreignKeys, place), ({ id, name: key }) => id ?? key);
    return {
      ...known(table),
      columns: columns.map((column) => ({
        ...known(column),
        nullable: Boolean(column['nullable']),
        primary_key: Boolean(column['primary_key']),
        generated: Boolean(column['generated']),
      })),
      indexes: [...indexes].map(([index, parts]) => ({
        name: index,
        unique: Boolean(parts[0]?.['unique']),
        columns: parts.map(({ part }) => part ?? ''),
      })),
      foreign_keys: [...keys.values()].map((parts) => ({
        ...known(parts[0] ?? {}),
        columns: parts.map(({ part }) => part),
        references: parts.flatMap(({ reference }) => reference ?? []),
      })),
      ...(checks.length === 0 ? {} : { checks }),
    } as unknown as TableDescription;
  };

function known(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}
