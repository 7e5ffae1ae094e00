import { ConnectorAdapter, ConnectorInternalError } from '@automate/sdk';
import type { AdapterHealth, CallContext, ConnectorContext, ConnectorError } from '@automate/sdk';
import type { Call } from '@automate/sql';
import { createRoom, Database, sqlActions } from '@automate/sql';
import { configSchema } from './config.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { traits } from './postgres-traits.ts';

/** A database of a PostgreSQL server, or of one that speaks its protocol. */
export default class PostgresAdapter extends ConnectorAdapter {
  readonly name = 'postgres';
  readonly version = '1.0.0';
  override readonly title = 'PostgreSQL';
  override readonly description = 'Queries and changes a PostgreSQL database.';
  override readonly configSchema = configSchema;
  #database: Database<PostgresConnection> | undefined;
  override readonly actions = sqlActions(traits, () => this.#use());

  override initialize(context: ConnectorContext): void {
    const settings = configSchema.parse(context.settings);
    this.#database = new Database(context, settings, postgresDialect(context, settings));
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

  #use(): Database<PostgresConnection> {
    if (this.#database !== undefined) return this.#database;
    throw new ConnectorInternalError('the connector was used before its start', { effect: 'none' });
  }

  /** The server's version, which it tells only those whom it lets into the database. */
  async #check(call: Call): Promise<string> {
    const page = { limit: 1, offset: 0, room: createRoom(), tooLarge: 'refuse' } as const;
    const { rows } = await this.#use().read(call, { rows: 1 }, (session) =>
      session.run({ sql: 'SHOW server_version', params: [] }, page),
    );
    const version = rows[0]?.['server_version'];
    return typeof version === 'string' ? version : '';
  }
}
