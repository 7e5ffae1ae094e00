import { describeSecret } from '../secret-store.ts';
import type { SecretName, SecretStore, StoredSecret } from '../secret-store.ts';
import { lockFor } from './advisory-lock.ts';
import type { PostgresDatabase, Session } from './postgres-database.ts';
import { CallersFault } from './postgres-database.ts';
import { TABLES } from './tables.ts';

/** The sealed secrets in PostgreSQL. The keys that they are sealed under stay with the hosts. It does not end the database. */
export function openPostgresSecretStore(database: PostgresDatabase): SecretStore {
  const what = 'the stored secrets cannot be read';
  const all = TABLES.selectFrom('secrets')
    .select(['namespace', 'name', 'version', 'key_id', 'created_at'])
    .orderBy('namespace')
    .orderBy('name')
    .orderBy('version');
  /** Runs statements while no other host writes secrets. */
  const alone = <T>(doing: string, work: (session: Session) => Promise<T>): Promise<T> =>
    database.write(doing, async (session) => {
      await session.rows(lockFor('secrets'));
      return work(session);
    });
  return {
    list: () =>
      database.read(what, async (session) =>
        (await session.rows(all)).map(({ namespace, name, version, key_id: keyId, created_at: created }) => ({
          namespace,
          name,
          version,
          keyId,
          createdAt: created.toISOString(),
        })),
      ),
    read: (secret, version) =>
      database.read(`the stored secret ${describeSecret(secret)} cannot be read`, (session) =>
        find(session, secret, version),
      ),
    add: (secret, seal) =>
      alone(`the secret ${describeSecret(secret)} cannot be stored`, async (session) => {
        const version = ((await find(session, secret))?.version ?? 0) + 1;
        const { keyId, dataKey, sealed } = ask(() => seal(version));
        const { namespace, name } = secret;
        const row = { namespace, name, version, key_id: keyId, data_key: dataKey, sealed, created_at: new Date() };
        await session.count(TABLES.insertInto('secrets').values(row));
        return version;
      }),
    remove: ({ namespace, name }, version) =>
      alone(`the secret ${describeSecret({ namespace, name })} cannot be removed`, (session) => {
        const every = TABLES.deleteFrom('secrets').where('namespace', '=', namespace).where('name', '=', name);
        return session.count(version === undefined ? every : every.where('version', '=', version));
      }),
    async withKeyIds(work) {
      // What it does outside of the database is done once, however often the transaction is run.
      let done: { readonly value: ReturnType<typeof work> } | undefined;
      return alone(what, async (session) => {
        const rows = await session.rows(TABLES.selectFrom('secrets').select('key_id').distinct());
        done ??= { value: ask(() => work(new Set(rows.map((row) => row.key_id)))) };
        return done.value;
      });
    },
    rewrap: (secret, wrap) =>
      alone(`the secret ${describeSecret(secret)} cannot be stored`, async (session) => {
        const stored = await find(session, secret, secret.version);
        if (stored === undefined) return false;
        const { keyId, dataKey } = ask(() => wrap(stored));
        const update = TABLES.updateTable('secrets')
          .set({ key_id: keyId, data_key: dataKey })
          .where('namespace', '=', secret.namespace)
          .where('name', '=', secret.name)
          .where('version', '=', secret.version);
        return (await session.count(update)) > 0;
      }),
    async close() {},
  };
}

async function find(
  session: Session,
  { namespace, name }: SecretName,
  version?: number,
): Promise<StoredSecret | undefined> {
  const every = TABLES.selectFrom('secrets').selectAll().where('namespace', '=', namespace).where('name', '=', name);
  const [row] = await session.rows(
    version === undefined ? every.orderBy('version', 'desc').limit(1) : every.where('version', '=', version),
  );
  if (row === undefined) return undefined;
  const { version: found, key_id: keyId, data_key: dataKey, sealed } = row;
  return { namespace, name, version: found, keyId, dataKey, sealed };
}

/** Runs the caller's own part of a transaction. */
function ask<T>(part: () => T): T {
  try {
    return part();
  } catch (error) {
    throw new CallersFault('', { cause: error });
  }
}
