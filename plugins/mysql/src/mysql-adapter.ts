import { ConnectorAdapter, ConnectorInternalError } from '@automate/sdk';
import type { AdapterHealth, CallContext, ConnectorContext, ConnectorError } from '@automate/sdk';
import { describeTable } from './actions/describe-table.ts';
import { execute } from './actions/execute.ts';
import { listTables } from './actions/list-tables.ts';
import { query } from './actions/query.ts';
import { transaction } from './actions/transaction.ts';
import { configSchema } from './config.ts';
import type { Call } from './database.ts';
import { Database } from './database.ts';
import { runStatement } from './run-statement.ts';

/** A MySQL or MariaDB server. */
export default class MysqlAdapter extends ConnectorAdapter {
  readonly name = 'mysql';
  readonly version = '1.0.0';
  override readonly title = 'MySQL and MariaDB';
  override readonly description = 'Queries and changes a MySQL or MariaDB database.';
  override readonly configSchema = configSchema;
  #database: Database | undefined;
  readonly #use = (): Database => {
    if (this.#database !== undefined) return this.#database;
    throw new ConnectorInternalError('the connector was used before its start', { effect: 'none' });
  };
  override readonly actions = {
    query: query(this.#use),
    execute: execute(this.#use),
    transaction: transaction(this.#use),
    list_tables: listTables(this.#use),
    describe_table: describeTable(this.#use),
  };

  override initialize(context: ConnectorContext): void {
    this.#database = new Database(context, configSchema.parse(context.settings));
  }

  override async connect(): Promise<boolean> {
    const { config, signal } = this.context;
    await this.#check({ deadline: Date.now() + config.limits.startTimeoutMs, signal });
    return true;
  }

  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    const version = await this.#check(context);
    return { status: 'healthy', message: `${this.getEndpoint()} lets us in`, details: { version } };
  }

  override normalizeError(error: unknown): ConnectorError {
    return super.normalizeError(this.#database?.normalizeError(error) ?? error);
  }

  override async close(): Promise<void> {
    await this.#database?.close();
  }

  /** The server's version, which it tells only those whom it lets in. */
  #check(call: Call): Promise<string> {
    return this.#use().read(call, 1, async (connection) => {
      const statement = { sql: 'SELECT VERSION() AS version', params: [] };
      const { rows } = await runStatement(connection, statement, { limit: 1, offset: 0 });
      const version = rows[0]?.['version'];
      return typeof version === 'string' ? version : '';
    });
  }
}
