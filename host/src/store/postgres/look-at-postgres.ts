import { CompiledQuery } from 'kysely';
import type { KeysInUse } from '../keys-in-use.ts';
import { readKeysInUse } from './keys-in-use.ts';
import { movingToPostgresFrom } from './half-moved-postgres.ts';
import { versionOf } from './migrate-postgres.ts';
import { openPostgresDatabase } from './postgres-database.ts';
import { POSTGRES_MIGRATIONS } from './postgres-migrations.ts';
import { SCHEMA } from './tables.ts';

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
  /** What is to be granted before this host can bring the tables up to date; undefined where that is nothing. */
  readonly lacks?: string;
  /** From where it is copied, where it has only a part of that. */
  readonly movingFrom?: string;
  /** By how many milliseconds its clock is ahead of this machine's; 0 where hosts do well with the difference. */
  readonly aheadMs: number;
  /** Which master keys are in use there, where the tables are of the version that this host knows. */
  readonly keys: KeysInUse;
}

/** Whether the user may make tables: in the schema where there is one, which anybody may have made. */
const RIGHTS = `SELECT current_setting('server_version') AS server,
  format('%I', current_database()) AS database, format('%I', current_user) AS name, EXISTS (SELECT FROM pg_namespace WHERE nspname = '${SCHEMA}') AS made,
  coalesce((SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = '${SCHEMA}'),
    has_database_privilege(current_database(), 'CREATE')) AS may`;

interface Rights {
  readonly server: string;
  readonly database: string;
  readonly name: string;
  readonly made: boolean;
  readonly may: boolean;
}

/** Looks at the database that the URL names, and changes nothing. Rejects with UNAVAILABLE, reason `store_lost`. */
export async function lookAtPostgres(url: string): Promise<PostgresLook> {
  let aheadMs = 0;
  const database = openPostgresDatabase(url, { connections: 1, onClock: (found) => (aheadMs = found) });
  try {
    return await database.read('the store cannot be looked at', async (session) => {
      const [rights] = await session.rows<Rights>(CompiledQuery.raw(RIGHTS));
      const version = await versionOf(session);
      const known = POSTGRES_MIGRATIONS.length;
      const keys = version === known ? await readKeysInUse(session) : { sealed: [], hosts: [] };
      const from = await movingToPostgresFrom(session);
      return {
        ...(from === undefined ? {} : { movingFrom: from }),
        where: database.where,
        server: rights?.server ?? '',
        ...{ version, known, keys, aheadMs },
        ...(rights === undefined || rights.may || version >= known ? {} : { lacks: grantOf(rights) }),
      };
    });
  } finally {
    await database.close();
  }
}

/** The statement that gives the right, for the owner of the database or of the schema. */
function grantOf({ database, name, made }: Rights): string {
  return `GRANT CREATE ON ${made ? `SCHEMA ${SCHEMA}` : `DATABASE ${database}`} TO ${name}`;
}
