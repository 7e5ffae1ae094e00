import type { ConnectorContext } from '@automate/sdk';
import { Database, SqlAdapter } from '@automate/sql';
import { configSchema } from './config.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { traits } from './postgres-traits.ts';

/** A database of a PostgreSQL server, or of one that speaks its protocol. */
export default class PostgresAdapter extends SqlAdapter {
  readonly name = 'postgres';
  readonly version = '1.0.0';
  override readonly title = 'PostgreSQL';
  override readonly description = 'Queries and changes a PostgreSQL database.';
  override readonly configSchema = configSchema;

  constructor() {
    super(traits);
  }

  protected override open(context: ConnectorContext): Database {
    const settings = configSchema.parse(context.settings);
    return new Database(context, settings, postgresDialect(context, settings));
  }
}
