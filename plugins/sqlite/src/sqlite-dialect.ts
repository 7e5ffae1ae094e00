import type { ConnectorContext } from '@automate/sdk';
import type { Dialect } from '@automate/sql';
import { describeTable, TABLES } from './catalogue.ts';
import type { SqliteSettings } from './config.ts';
import type { OpenDatabases } from './sqlite-connection.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { sqliteFault } from './sqlite-error.ts';
import { traits } from './sqlite-traits.ts';

/** SQLite, and the file that a connector's settings name. */
export function sqliteDialect(context: ConnectorContext, settings: SqliteSettings): Dialect {
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
