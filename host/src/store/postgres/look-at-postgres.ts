import { CompiledQuery } from 'kysely';
import { versionOf } from './migrate-postgres.ts';
import { openPostgresDatabase } from './postgres-database.ts';
import { POSTGRES_MIGRATIONS } from './postgres-migrations.ts';

/** What a database is like that hosts may keep things in. */
export interface PostgresLook {
  /** `host:port/database` */
  readonly where: string;
  /** Version of the server. */
  readonly server: string;
  /** Version of the tables; 0 where there are none. */
  readonly version: number;
  /** Version of the tables that this host makes. */
  readonly known: number;
}

/** Looks at the database that the URL names, and changes nothing. Rejects with UNAVAILABLE, reason `store_lost`. */
export async function lookAtPostgres(url: string): Promise<PostgresLook> {
  const database = openPostgresDatabase(url, { connections: 1 });
  try {
    return await database.read('the store cannot be looked at', async (session) => {
      const query = CompiledQuery.raw(`SELECT current_setting('server_version') AS server`);
      const [row] = await session.rows<{ readonly server: string }>(query);
      const version = await versionOf(session);
      return { where: database.where, server: row?.server ?? '', version, known: POSTGRES_MIGRATIONS.length };
    });
  } finally {
    await database.close();
  }
}
