import type { ConnectorContext } from '@automate/sdk';
import { Database, SqlAdapter } from '@automate/sql';
import { configSchema } from './config.ts';
import { mysqlDialect } from './mysql-dialect.ts';
import { traits } from './mysql-traits.ts';

/** A MySQL or MariaDB server. */
export default class MysqlAdapter extends SqlAdapter {
  readonly name = 'mysql';
  readonly version = '1.0.0';
  override readonly title = 'MySQL and MariaDB';
  override readonly description = 'Queries and changes a MySQL or MariaDB database.';
  override readonly configSchema = configSchema;

  constructor() {
    super(traits);
  }

  protected override open(context: ConnectorContext): Database {
    const settings = configSchema.parse(context.settings);
    return new Database(context, settings, mysqlDialect(context, settings));
  }
}
