import { attempt } from './attempt.ts';
import { openMainDatabase } from './open-main-database.ts';
import type { StoredToken, TokenStore } from './token-store.ts';

/** Opens the tokens in the database at `file`, which it makes if need be. Throws as `openDatabase` does. */
export function openSqliteTokenStore(file: string): TokenStore {
  const what = 'the tokens cannot be read';
  const database = openMainDatabase(file, what);
  const all = database.prepare('SELECT * FROM tokens ORDER BY created_at, id');
  const insert = database.prepare(
    'INSERT INTO tokens (id, name, scopes, hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const revoke = database.prepare('UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL');
  return {
    load: () => attempt(what, file, () => all.all().map(readToken)),
    add: ({ id, name, scopes, hash, createdAt, expiresAt }) =>
      attempt(
        `the token "${name}" cannot be stored`,
        file,
        () => void insert.run(id, name, JSON.stringify(scopes), hash, createdAt, expiresAt ?? null),
      ),
    revoke: (id, revokedAt) =>
      attempt(`the token "${id}" cannot be revoked`, file, () => revoke.run(revokedAt, id).changes > 0),
    async close() {
      if (database.isOpen) database.close();
    },
  };
}

function readToken(row: Record<string, unknown>): StoredToken {
  const { expires_at: expiresAt, revoked_at: revokedAt } = row;
  return {
    id: String(row['id']),
    name: String(row['name']),
    scopes: JSON.parse(String(row['scopes'])) as string[],
    hash: row['hash'] as Uint8Array,
    createdAt: String(row['created_at']),
    ...(typeof expiresAt === 'string' ? { expiresAt } : {}),
    ...(typeof revokedAt === 'string' ? { revokedAt } : {}),
  };
}
