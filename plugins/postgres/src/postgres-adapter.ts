import { SqlAdapter } from '@automate/sql';
import type { PostgresSettings } from './config.ts';
import { configSchema } from './config.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { traits } from './postgres-traits.ts';

/** A database of a PostgreSQL server, or of one that speaks its protocol. */
export default class PostgresAdapter extends SqlAdapter<PostgresSettings> {
  readonly name = 'postgres';
  readonly version = '1.0.0';
  override readonly title = 'PostgreSQL';
  override readonly description = 'Queries and changes a PostgreSQL database.';

  constructor() {
    super(traits, configSchema, postgresDialect);
  }
}
