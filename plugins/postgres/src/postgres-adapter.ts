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

/** A database of a PostgreSQL server, or of one that speaks its protocol. */
export default class PostgresAdapter extends ConnectorAdapter {
  readonly name = 'postgres';
  readonly version = '1.0.0';
  override readonly title = 'PostgreSQL';
  override readonly description = 'Queries and changes a PostgreSQL database.';
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

  /** The server's version, which it tells only those whom it lets into the database. */
  #check(call: Call): Promise<string> {
    return this.#use().read(call, async (client) => {
      const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
      return rows[0]?.server_version ?? '';
    });
  }
}
