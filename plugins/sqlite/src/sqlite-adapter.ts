import type { ConnectorContext } from '@automate/sdk';
import { SqlAdapter } from '@automate/sql';
import { configSchema } from './config.ts';
import { Database } from './database.ts';
import { traits } from './sqlite-traits.ts';

/** A SQLite database file within a configured directory. */
export default class SqliteAdapter extends SqlAdapter<Database> {
  readonly name = 'sqlite';
  readonly version = '1.0.0';
  override readonly title = 'SQLite';
  override readonly description = 'Queries and changes a SQLite database file.';
  override readonly configSchema = configSchema;

  constructor() {
    super(traits);
  }

  protected override open(context: ConnectorContext): Database {
    return new Database(context, configSchema.parse(context.settings));
  }
}
