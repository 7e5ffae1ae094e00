import { CompiledQuery } from 'kysely';
import { lockFor } from './advisory-lock.ts';
import type { PostgresDatabase, Session } from './postgres-database.ts';
import { POSTGRES_MIGRATIONS } from './postgres-migrations.ts';
import { SCHEMA } from './tables.ts';

/** Written by a host that knows more. */
export class NewerSchemaError extends Error {}

/**
 * Brings the tables up to date, and makes them where there are none; of hosts that start together one does so. The user needs the right
 * to make the schema, unless there is one that it may make tables in.
 *
 * @throws NewerSchemaError, in words for the operator
 */
export async function migratePostgres(database: PostgresDatabase): Promise<void> {
  const what = 'the tables of the store cannot be brought up to date';
  const known = POSTGRES_MIGRATIONS.length;
  const version = await database.read(what, versionOf);
  if (version > known) throw newerSchema(database, version);
  if (version === known) return;
  const before = await database.write(what, async (session) => {
    await session.rows(lockFor('migrations'));
    const found = await versionOf(session);
    if (found >= known) return found;
    if (found === 0) {
      if (!(await isThere(session, `SELECT FROM pg_namespace WHERE nspname = '${SCHEMA}'`)))
        await session.count(CompiledQuery.raw(`CREATE SCHEMA ${SCHEMA}`));
      await session.count(CompiledQuery.raw(`CREATE TABLE ${SCHEMA}.schema_version (version integer NOT NULL)`));
      await session.count(CompiledQuery.raw(`INSERT INTO ${SCHEMA}.schema_version VALUES (0)`));
    }
    for (const statements of POSTGRES_MIGRATIONS.slice(found)) await session.count(CompiledQuery.raw(statements));
    await session.count(CompiledQuery.raw(`UPDATE ${SCHEMA}.schema_version SET version = ${known}`));
    return found;
  });
  if (before > known) throw newerSchema(database, before);
}

/** The version of the tables; 0 where there are none yet. */
export async function versionOf(session: Session): Promise<number> {
  // By the catalogue: `to_regclass` may not have heard yet of what another host has made since this transaction began.
  const there = `SELECT FROM pg_tables WHERE schemaname = '${SCHEMA}' AND tablename = 'schema_version'`;
  if (!(await isThere(session, there))) return 0;
  const [row] = await session.rows<{ readonly version: number }>(
    CompiledQuery.raw(`SELECT version FROM ${SCHEMA}.schema_version`),
  );
  return row?.version ?? 0;
}

async function isThere(session: Session, query: string): Promise<boolean> {
  return (await session.rows(CompiledQuery.raw(query))).length > 0;
}

function newerSchema({ where }: PostgresDatabase, version: number): NewerSchemaError {
  return new NewerSchemaError(
    `the database at ${where} was written by a newer version of the host (schema ${version}, this host knows ${POSTGRES_MIGRATIONS.length}): upgrade the host, or name another database with STORE_URL`,
  );
}
