import type { ActionDescription } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import { CompiledQuery } from 'kysely';
import type { DiscoveryStore } from '../discovery-store.ts';
import { parseStoredObject } from '../parse-stored-object.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import { SCHEMA, TABLES } from './tables.ts';

/** What remote systems offered, in PostgreSQL. It does not end the database. */
export function openPostgresDiscoveryStore(database: PostgresDatabase): DiscoveryStore {
  return {
    find: (connector) =>
      database.read('what remote systems offered the last time cannot be read', async (session) => {
        const [row] = await session.rows(
          TABLES.selectFrom('discoveries').select(['config_sha256', 'found']).where('connector', '=', connector),
        );
        const { actions, discovery } = parseStoredObject(row?.found ?? '') ?? {};
        // A row that somebody else has changed counts as none: it is written anew when the remote system answers.
        if (row === undefined || !Array.isArray(actions) || !isJsonObject(discovery)) return undefined;
        return {
          connector,
          configSha256: row.config_sha256,
          actions: actions as unknown as readonly ActionDescription[],
          discovery,
        };
      }),
    put: ({ connector, configSha256, actions, discovery }) =>
      database.write(`what the remote system of "${connector}" offers cannot be stored`, async (session) => {
        const found = JSON.stringify({ actions, discovery });
        const values = { config_sha256: configSha256, found, updated_at: new Date() };
        const insert = TABLES.insertInto('discoveries').values({ connector, ...values });
        await session.count(insert.onConflict((conflict) => conflict.column('connector').doUpdateSet(values)));
      }),
    keepOnly: (connectors) =>
      database.write('what remote systems offered cannot be removed', async (session) => {
        const text = `DELETE FROM ${SCHEMA}.discoveries WHERE connector <> ALL ($1::text[])`;
        await session.count(CompiledQuery.raw(text, [connectors]));
      }),
    async close() {},
  };
}
