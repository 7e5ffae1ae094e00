import { CompiledQuery } from 'kysely';
import type { Session } from './postgres-database.ts';
import { SCHEMA } from './tables.ts';

/** A comment of this table notes it down: who made the tables owns it, and it is no row of what is kept. */
const TABLE = `${SCHEMA}.schema_version`;
const SIGN = 'only a part, copied from ';

/** From where this database is copied; undefined where it has all, or nothing. */
export async function movingToPostgresFrom(session: Session): Promise<string | undefined> {
  const [found] = await session.rows<{ readonly comment: string | null }>(
    CompiledQuery.raw(`SELECT obj_description(to_regclass('${TABLE}'), 'pg_class') AS comment`),
  );
  const comment = found?.comment ?? '';
  return comment.startsWith(SIGN) ? comment.slice(SIGN.length) : undefined;
}

/** Notes down that the database has only a part of what is copied there, or, with undefined, that it has all. */
export async function noteMoveToPostgres(session: Session, from: string | undefined): Promise<void> {
  const text = from === undefined ? 'NULL' : `'${`${SIGN}${from}`.replaceAll("'", "''")}'`;
  await session.count(CompiledQuery.raw(`COMMENT ON TABLE ${TABLE} IS ${text}`));
}
