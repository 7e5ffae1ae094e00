import type { ConnectorContext } from '@automate/sdk';
import { SqlAdapter } from '@automate/sql';
import type { Dialect } from '@automate/sql';
import { describeTable, TABLES } from './catalogue.ts';
import type { SqliteSettings } from './config.ts';
import { configSchema } from './config.ts';
import type { OpenDatabases } from './sqlite-connection.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { sqliteFault } from './sqlite-error.ts';
import { traits } from './sqlite-traits.ts';

/** A SQLite database file within a configured directory. */
export default class SqliteAdapter extends SqlAdapter<SqliteSettings> {
  readonly name = 'sqlite';
  readonly version = '1.0.0';
  override readonly title = 'SQLite';
  override readonly description = 'Queries and changes a SQLite database file.';

  constructor() {
    super(traits, configSchema);
  }

  protected override reach(context: ConnectorContext, settings: SqliteSettings): Dialect {
    const databases: OpenDatabases = new Map();
    return {
      traits,
      server: `SQLite at ${settings.file}`,
      // Statements hold the thread.
      maxConnections: 1,
      connect: async () => new SqliteConnection(context, settings, databases),
      explain: sqliteFault,
      check: async (session) => ({ version: await (session as SqliteConnection).check(), takesChanges: true }),
      tables: TABLES,
      describeTable,
    };
  }
}
