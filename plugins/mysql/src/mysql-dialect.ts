import type { ConnectorContext } from '@automate/sdk';
import type { Dialect } from '@automate/sql';
import { createRoom } from '@automate/sql';
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
    check: async (session) => {
      const sql = 'SELECT VERSION() AS version, @@global.read_only AS read_only';
      const page = { limit: 1, offset: 0, room: createRoom(), tooLarge: 'refuse' } as const;
      const [row] = (await session.run({ sql, params: [] }, page)).rows;
      const version = row?.['version'];
      return { version: typeof version === 'string' ? version : '', takesChanges: row?.['read_only'] !== 1 };
    },
    listTables,
    describeTable,
  };
}
