import type { JsonObject } from '@automate/sdk';
import type { StartConnectorOptions } from '@automate/testing';
import { startConnector } from '@automate/testing';
import PostgresAdapter from '../src/postgres-adapter.ts';
import type { PostgresOptions, PostgresServer } from './start-postgres.ts';
import { findPostgres, startPostgres } from './start-postgres.ts';

export const postgres = {
  name: 'postgresql',
  available: () => findPostgres() !== undefined,
  remedy: 'apt-get install --no-install-recommends postgresql',
};

/** Servers and connectors of a test, all gone with `close`. */
export function createWorkshop() {
  const running: { close(): Promise<unknown> }[] = [];
  const use = <T extends { close(): Promise<unknown> }>(opened: T): T => {
    running.push(opened);
    return opened;
  };
  return {
    use,
    start: async (options?: PostgresOptions): Promise<PostgresServer> => use(await startPostgres(options)),
    /** A connector to what listens on a port, as the superuser unless the options say otherwise. */
    connect: async (port: number, settings: JsonObject = {}, options: StartConnectorOptions = {}) =>
      use(
        await startConnector(PostgresAdapter, {
          url: `postgresql://127.0.0.1:${port}`,
          settings,
          ...options,
          config: { auth: { type: 'basic', username: 'postgres', password: 'correct horse' }, ...options.config },
        }),
      ),
    async close(): Promise<void> {
      for (const each of running.splice(0).toReversed()) await each.close();
    },
  };
}
