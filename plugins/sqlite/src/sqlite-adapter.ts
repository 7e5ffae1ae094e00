import type { ConnectorContext } from '@automate/sdk';
import { Database, SqlAdapter } from '@automate/sql';
import { configSchema } from './config.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import { traits } from './sqlite-traits.ts';

/** A SQLite database file within a configured directory. */
export default class SqliteAdapter extends SqlAdapter {
  readonly name = 'sqlite';
  readonly version = '1.0.0';
  override readonly title = 'SQLite';
  override readonly description = 'Queries and changes a SQLite database file.';
  override readonly configSchema = configSchema;

  constructor() {
    super(traits);
  }

  protected override open(context: ConnectorContext): Database {
    const settings = configSchema.parse(context.settings);
    // Statements hold the thread: more connections would wait for each other all the same.
    const pool = { pool_size: 1, idle_timeout_ms: Infinity, max_lifetime_ms: Infinity };
    return new Database(context, { ...settings, ...pool }, sqliteDialect(context, settings));
  }
}
