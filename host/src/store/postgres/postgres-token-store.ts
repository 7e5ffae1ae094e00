import type { StoredToken, TokenStore } from '../token-store.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import { TABLES } from './tables.ts';

/** The tokens in PostgreSQL. It does not end the database. */
export function openPostgresTokenStore(database: PostgresDatabase): TokenStore {
  const all = TABLES.selectFrom('tokens').selectAll().orderBy('created_at').orderBy('id');
  return {
    load: () => database.read('the tokens cannot be read', async (session) => (await session.rows(all)).map(readToken)),
    add: ({ id, name, scopes, hash, createdAt, expiresAt }) =>
      database.write(`the token "${name}" cannot be stored`, async (session) => {
        const times = {
          created_at: new Date(createdAt),
          expires_at: expiresAt === undefined ? null : new Date(expiresAt),
        };
        const token = { id, name, scopes: JSON.stringify(scopes), hash, ...times, revoked_at: null };
        await session.count(TABLES.insertInto('tokens').values(token));
      }),
    revoke: (id, revokedAt) =>
      database.write(`the token "${id}" cannot be revoked`, async (session) => {
        const update = TABLES.updateTable('tokens').set({ revoked_at: new Date(revokedAt) });
        return (await session.count(update.where('id', '=', id).where('revoked_at', 'is', null))) > 0;
      }),
    async close() {},
  };
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly scopes: string;
  readonly hash: Uint8Array;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
}

function readToken({ id, name, scopes, hash, ...times }: Row): StoredToken {
  return {
    id,
    name,
    scopes: JSON.parse(scopes) as string[],
    hash,
    createdAt: times.created_at.toISOString(),
    ...(times.expires_at === null ? {} : { expiresAt: times.expires_at.toISOString() }),
    ...(times.revoked_at === null ? {} : { revokedAt: times.revoked_at.toISOString() }),
  };
}
