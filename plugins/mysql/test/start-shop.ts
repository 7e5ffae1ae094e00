import type { JsonObject, JsonValue } from '@automate/sdk';
import { startConnector } from '@automate/testing';
import type { StartConnectorOptions } from '@automate/testing';
import MysqlAdapter from '../src/mysql-adapter.ts';
import type { MariadbOptions, MariadbServer } from './start-mariadb.ts';
import { startMariadb } from './start-mariadb.ts';

export type ShopConnector = Awaited<ReturnType<typeof startConnector<MysqlAdapter>>>;

/** A MariaDB of its own and a connector to it, which another connection looks at. */
export interface Shop {
  readonly server: MariadbServer;
  call(action: string, input: JsonObject): Promise<JsonObject>;
  execute(sql: string, params?: JsonValue[]): Promise<JsonObject>;
  query(sql: string, params?: JsonValue[]): Promise<JsonObject>;
  transact(...statements: JsonObject[]): Promise<JsonObject>;
  /** Another connector; ended with the rest. */
  connect(options: StartConnectorOptions): Promise<ShopConnector>;
  /** One with other settings. */
  connectWith(settings: JsonObject): Promise<ShopConnector>;
  close(): Promise<void>;
}

export async function startShop(options: MariadbOptions & { readonly setup?: readonly string[] } = {}): Promise<Shop> {
  const server = await startMariadb(options);
  const running: { close(): Promise<unknown> }[] = [];
  const connect = async (given: StartConnectorOptions) => {
    const started = await startConnector(MysqlAdapter, given);
    running.push(started);
    return started;
  };
  const close = async (): Promise<void> => {
    for (const each of running) await each.close();
    await server.close();
  };
  await server.sql(...(options.setup ?? []), 'SELECT 1');
  const connectWith = (settings: JsonObject) =>
    connect({
      url: server.url,
      settings,
      config: { auth: { type: 'basic', username: 'boss', password: 'correct horse' } },
    });
  const connector = await connectWith({ database: 'shop' });
  return {
    server,
    call: (action, input) => connector.call(action, input),
    execute: (sql, params = []) => connector.call('execute', { sql, params }),
    query: (sql, params = []) => connector.call('query', { sql, params }),
    transact: (...statements) => connector.call('transaction', { statements }),
    connect,
    connectWith,
    close,
  };
}
