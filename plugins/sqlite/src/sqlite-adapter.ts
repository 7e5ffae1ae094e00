import { SqlAdapter } from '@automate/sql';
import type { SqliteSettings } from './config.ts';
import { configSchema } from './config.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import { traits } from './sqlite-traits.ts';

/** A SQLite database file within a configured directory. */
export default class SqliteAdapter extends SqlAdapter<SqliteSettings> {
  readonly name = 'sqlite';
  readonly version = '1.0.0';
  override readonly title = 'SQLite';
  override readonly description = 'Queries and changes a SQLite database file.';

  constructor() {
    super(traits, configSchema, sqliteDialect);
  }
}
