import { ConfigInvalidError, ConnectorError } from '@automate/sdk';
import type { ConnectorContext } from '@automate/sdk';
import type { Dialect } from '@automate/sql';
import { ask, EFFECTS, labelOf, readLogin, unlessGivenUp } from '@automate/sql';
import mysql from 'mysql2';
import type { Connection, ConnectionOptions } from 'mysql2';
import { describeTable, TABLES } from './catalogue.ts';
import type { MysqlSettings } from './config.ts';
import { connectOptions, MYSQL } from './connect-options.ts';
import { MysqlConnection, readRows } from './mysql-connection.ts';
import { mysqlFault } from './mysql-error.ts';
import { traits } from './mysql-traits.ts';
import { whileOpen } from './run-statement.ts';
import { readDefaults, trySession } from './session.ts';
import type { TimeZone } from './time-zone.ts';

/** MySQL or MariaDB, and the server that a connector's configuration names. */
export function mysqlDialect(context: ConnectorContext, settings: MysqlSettings): Dialect {
  const login = readLogin(MYSQL, context, settings);
  const server = `MySQL at ${labelOf(login)}`;
  /** By the server's name for them. */
  const zones = new Map<string, Promise<TimeZone>>();
  const open = async (connection: Connection, options: ConnectionOptions): Promise<MysqlConnection> => {
    await whileOpen<void>(connection, (resolve) => connection.once('connect', () => resolve()));
    const { _isMariaDB: isMariaDb = false } = connection as unknown as { readonly _isMariaDB?: boolean };
    const own = (sql: string) => readRows(connection, sql);
    const defaults = await readDefaults(own, settings, isMariaDb, zones);
    await trySession(own, defaults, server, context.config.limits.startTimeoutMs);
    return new MysqlConnection(connection, options, defaults);
  };
  return {
    traits,
    server,
    async connect(giveUp) {
      const options = await connectOptions(context, login);
      const connection = mysql.createConnection(options);
      // Without a listener a connection that breaks while nobody uses it would end the worker.
      connection.on('error', () => undefined);
      try {
        return await unlessGivenUp(giveUp, connection, () => open(connection, options));
      } catch (error) {
        const known = mysqlFault(error, { server, effects: EFFECTS.nothing, reading: false })?.error;
        throw ConnectorError.is(error) ? error : sessionRefused(server, error, known);
      }
    },
    explain: mysqlFault,
    async check(session) {
      // Which of them there are differs from server to server.
      const sql =
        "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'read_only', 'innodb_read_only', 'tx_read_only', 'transaction_read_only')";
      const rows = await ask(session, { sql, params: [] }, 5);
      const { version = '', ...flags } = Object.fromEntries(rows.map((row) => Object.values(row).map(String)));
      return { version, takesChanges: Object.values(flags).every((flag) => flag === 'OFF') };
    },
    tables: TABLES,
    describeTable,
  };
}

/** What keeps us from being let in is not the caller's fault. */
function sessionRefused(server: string, error: unknown, known: ConnectorError | undefined): unknown {
  if (known?.code !== 'INVALID_INPUT') return known ?? error;
  return new ConfigInvalidError(`${server} refused the session: ${known.message}; the operator must act`, {
    details: known.details ?? {},
    cause: error,
  });
}
