import { ConfigInvalidError, ConnectorError } from '@automate/sdk';
import type { ConnectorContext } from '@automate/sdk';
import type { Dialect, ServerState, Session } from '@automate/sql';
import { ask, EFFECTS, serverLabel, readLogin, SqlAdapter } from '@automate/sql';
import { describeTable, TABLES } from './catalogue.ts';
import type { MysqlSettings } from './config.ts';
import { configSchema } from './config.ts';
import { connectOptions, MYSQL } from './connect-options.ts';
import { MysqlConnection } from './mysql-connection.ts';
import { mysqlFault } from './mysql-error.ts';
import { traits } from './mysql-traits.ts';
import type { TimeZone } from './time-zone.ts';

/** A MySQL or MariaDB server. */
export default class MysqlAdapter extends SqlAdapter<MysqlSettings> {
  readonly name = 'mysql';
  readonly version = '1.0.0';
  override readonly title = 'MySQL and MariaDB';
  override readonly description = 'Queries and changes a MySQL or MariaDB database.';

  constructor() {
    super(traits, configSchema);
  }

  protected override reach(context: ConnectorContext, settings: MysqlSettings): Dialect {
    const login = readLogin(MYSQL, context, settings);
    const server = `MySQL at ${serverLabel(login)}`;
    /** By the server's name for them. */
    const zones = new Map<string, Promise<TimeZone>>();
    const timeoutMs = context.config.limits.startTimeoutMs;
    return {
      traits,
      server,
      async connect(giveUp) {
        const options = await connectOptions(context, login);
        try {
          return await MysqlConnection.open(options, { server, settings, zones, timeoutMs }, giveUp);
        } catch (error) {
          throw ConnectorError.is(error) ? error : sessionRefused(server, error);
        }
      },
      explain: mysqlFault,
      check: readServerState,
      tables: TABLES,
      describeTable,
    };
  }
}

/** Which of the variables there are differs from server to server. */
async function readServerState(session: Session): Promise<ServerState> {
  const sql =
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'read_only', 'innodb_read_only', 'tx_read_only', 'transaction_read_only')";
  const rows = await ask(session, { sql, params: [] }, 5);
  const { version = '', ...flags } = Object.fromEntries(rows.map((row) => Object.values(row).map(String)));
  return { version, takesChanges: Object.values(flags).every((flag) => flag === 'OFF') };
}

/** What keeps us from being let in is not the caller's fault. */
function sessionRefused(server: string, error: unknown): unknown {
  const known = mysqlFault(error, { server, effects: EFFECTS.nothing, reading: false })?.error;
  if (known?.code !== 'INVALID_INPUT') return known ?? error;
  return new ConfigInvalidError(`${server} refused the session: ${known.message}; the operator must act`, {
    details: known.details ?? {},
    cause: error,
  });
}
