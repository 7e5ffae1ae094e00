import type { ConnectorContext } from '@automate/sdk';
import type { Dialect } from '@automate/sql';
import { describeTable, listTables } from './catalogue.ts';
import type { PostgresSettings } from './config.ts';
import { addressOf, connectOptions } from './connect-options.ts';
import { PostgresConnection } from './postgres-connection.ts';
import { postgresFault } from './postgres-error.ts';
import { traits } from './postgres-traits.ts';

/** PostgreSQL, and the server that a connector's configuration names. */
export function postgresDialect(context: ConnectorContext, settings: PostgresSettings): Dialect<PostgresConnection> {
  const { host, port } = addressOf(context);
  const server = `PostgreSQL at ${host}:${port}`;
  return {
    traits,
    server,
    changesInTransaction: true,
    connect: async () => PostgresConnection.open(await connectOptions(context, settings)),
    explain: (error, effects) => postgresFault(error, { server, effects }),
    listTables,
    describeTable,
  };
}
