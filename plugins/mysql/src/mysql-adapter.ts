import { SqlAdapter } from '@automate/sql';
import type { MysqlSettings } from './config.ts';
import { configSchema } from './config.ts';
import { mysqlDialect } from './mysql-dialect.ts';
import { traits } from './mysql-traits.ts';

/** A MySQL or MariaDB server. */
export default class MysqlAdapter extends SqlAdapter<MysqlSettings> {
  readonly name = 'mysql';
  readonly version = '1.0.0';
  override readonly title = 'MySQL and MariaDB';
  override readonly description = 'Queries and changes a MySQL or MariaDB database.';

  constructor() {
    super(traits, configSchema, mysqlDialect);
  }
}
