import type { ConnectorContext } from '@automate/sdk';
import { ask, serverLabel, loginAddress, readLogin, SqlAdapter } from '@automate/sql';
import type { Dialect, ServerState, Session } from '@automate/sql';
import { describeTable, TABLES } from './catalogue.ts';
import type { PostgresSettings } from './config.ts';
import { configSchema } from './config.ts';
import { connectOptions, POSTGRES } from './connect-options.ts';
import { PostgresConnection } from './postgres-connection.ts';
import { postgresFault } from './postgres-error.ts';
import { traits } from './postgres-traits.ts';

/** A database of a PostgreSQL server, or of one that speaks its protocol. */
export default class PostgresAdapter extends SqlAdapter<PostgresSettings> {
  readonly name = 'postgres';
  readonly version = '1.0.0';
  override readonly title = 'PostgreSQL';
  override readonly description = 'Queries and changes a PostgreSQL database.';

  constructor() {
    super(traits, configSchema);
  }

  protected override reach(context: ConnectorContext, settings: PostgresSettings): Dialect {
    const login = readLogin(POSTGRES, context, settings);
    const server = `PostgreSQL at ${serverLabel(login)}`;
    return {
      traits,
      server,
      connect: async (giveUp) => {
        const options = await connectOptions(context, login);
        const address = loginAddress(login);
        return PostgresConnection.open({ ...options, server, address, timeZone: settings.time_zone }, giveUp);
      },
      explain: postgresFault,
      check: readServerState,
      tables: TABLES,
      describeTable,
    };
  }
}

/** A session that only reads because we said so does not tell whether it could do more. */
async function readServerState(session: Session): Promise<ServerState> {
  const sql = `SELECT current_setting('server_version') AS version,
    NOT pg_catalog.pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off' AS takes_changes`;
  const [row] = (await ask(session, { sql, params: [] }, 1)) as [{ version: string; takes_changes: boolean }];
  return { version: row.version, takesChanges: row.takes_changes };
}
