import type { DatabaseSync } from 'node:sqlite';
import { attempt } from './attempt.ts';
import { inTransaction } from './in-transaction.ts';
import { openMainDatabase } from './open-main-database.ts';
import { describeSecret } from './secret-store.ts';
import type { SecretName, SecretStore, StoredSecret, StoredVersion } from './secret-store.ts';

/** Opens the secrets in the database at `file`, which it makes if need be. Throws as `openDatabase` does. */
export function openSqliteSecretStore(file: string): SecretStore {
  const what = 'the stored secrets cannot be read';
  const database = openMainDatabase(file, what);
  const all = database.prepare(
    'SELECT namespace, name, version, key_id, created_at FROM secrets ORDER BY namespace, name, version',
  );
  const one = database.prepare('SELECT * FROM secrets WHERE namespace = ? AND name = ? AND version = ?');
  const latest = database.prepare(
    'SELECT * FROM secrets WHERE namespace = ? AND name = ? ORDER BY version DESC LIMIT 1',
  );
  const insert = database.prepare(
    'INSERT INTO secrets (namespace, name, version, key_id, data_key, sealed, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const removeOne = database.prepare('DELETE FROM secrets WHERE namespace = ? AND name = ? AND version = ?');
  const removeAll = database.prepare('DELETE FROM secrets WHERE namespace = ? AND name = ?');
  const keyIds = database.prepare('SELECT DISTINCT key_id FROM secrets');
  const update = database.prepare(
    'UPDATE secrets SET key_id = ?, data_key = ? WHERE namespace = ? AND name = ? AND version = ?',
  );
  const find = ({ namespace, name }: SecretName, version?: number): StoredSecret | undefined => {
    const row = version === undefined ? latest.get(namespace, name) : one.get(namespace, name, version);
    return row === undefined ? undefined : readSecret(row);
  };
  return {
    list: () => attempt(what, file, () => all.all().map(readVersion)),
    read: (secret, version) =>
      attempt(`the stored secret ${describeSecret(secret)} cannot be read`, file, () => find(secret, version)),
    add: (secret, seal) =>
      alone(database, `the secret ${describeSecret(secret)} cannot be stored`, file, () => {
        const version = (find(secret)?.version ?? 0) + 1;
        const { keyId, dataKey, sealed } = seal(version);
        const { namespace, name } = secret;
        insert.run(namespace, name, version, keyId, dataKey, sealed, new Date().toISOString());
        return version;
      }),
    remove: ({ namespace, name }, version) =>
      attempt(`the secret ${describeSecret({ namespace, name })} cannot be removed`, file, () =>
        Number(
          (version === undefined ? removeAll.run(namespace, name) : removeOne.run(namespace, name, version)).changes,
        ),
      ),
    withKeyIds: (work) =>
      alone(database, what, file, () => work(new Set(keyIds.all().map((row) => String(row['key_id']))))),
    rewrap: (secret, wrap) =>
      alone(database, `the secret ${describeSecret(secret)} cannot be stored`, file, () => {
        const stored = find(secret, secret.version);
        if (stored === undefined) return false;
        const { keyId, dataKey } = wrap(stored);
        return update.run(keyId, dataKey, secret.namespace, secret.name, secret.version).changes > 0;
      }),
    async close() {
      if (database.isOpen) database.close();
    },
  };
}

/** What the caller's own part of a transaction threw: no trouble of the database's. */
interface Thrown {
  readonly thrown: unknown;
}

/** Runs statements while nobody else writes; all of them take effect, or none. */
async function alone<T>(database: DatabaseSync, what: string, file: string, work: () => T): Promise<T> {
  const result = await attempt(what, file, (): { readonly value: T } | Thrown => {
    try {
      return { value: inTransaction(database, work) };
    } catch (error) {
      if ((error as { readonly code?: unknown }).code === 'ERR_SQLITE_ERROR') throw error;
      return { thrown: error };
    }
  });
  if ('thrown' in result) throw result.thrown;
  return result.value;
}

function readVersion(row: Record<string, unknown>): StoredVersion {
  return {
    namespace: String(row['namespace']),
    name: String(row['name']),
    version: Number(row['version']),
    keyId: String(row['key_id']),
    createdAt: String(row['created_at']),
  };
}

function readSecret(row: Record<string, unknown>): StoredSecret {
  return { ...readVersion(row), dataKey: row['data_key'] as Uint8Array, sealed: row['sealed'] as Uint8Array };
}
