import type { ConnectorContext } from '@automate/sdk';
import type { Dialect } from '@automate/sql';
import { describeTable, listTables } from './catalogue.ts';
import type { MysqlSettings } from './config.ts';
import { addressOf, connectOptions } from './connect-options.ts';
import { MysqlConnection } from './mysql-connection.ts';
import { mysqlFault } from './mysql-error.ts';
import { traits } from './mysql-traits.ts';

/** MySQL or MariaDB, and the server that a connector's configuration names. */
export function mysqlDialect(context: ConnectorContext, settings: MysqlSettings): Dialect<MysqlConnection> {
  const { host, port } = addressOf(context);
  const server = `MySQL at ${host}:${port}`;
  return {
    traits,
    server,
    changesInTransaction: false,
    connect: async () => MysqlConnection.open(await connectOptions(context, settings)),
    explain: (error, effects) => mysqlFault(error, { server, effects }),
    listTables,
    describeTable,
  };
}
