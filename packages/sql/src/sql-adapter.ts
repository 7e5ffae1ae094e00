import { ConnectorAdapter, ConnectorInternalError } from '@automate/sdk';
import type { AdapterHealth, CallContext, ConnectorContext, ConnectorError } from '@automate/sdk';
import type { z } from 'zod';
import { Database } from './database.ts';
import type { DatabaseSettings } from './database.ts';
import type { Dialect, Traits } from './dialect.ts';
import { sqlActions } from './sql-actions.ts';

/** A kind of database, but for its names. */
export abstract class SqlAdapter<S extends DatabaseSettings> extends ConnectorAdapter {
  override readonly actions;
  override readonly configSchema: z.ZodType<S>;
  #database: Database | undefined;

  constructor(traits: Traits, configSchema: z.ZodType<S>) {
    super();
    this.actions = sqlActions(traits, () => this.#used());
    this.configSchema = configSchema;
  }

  /** The server or file that a connector's configuration names. */
  protected abstract reach(context: ConnectorContext, settings: S): Dialect;

  #used(): Database {
    if (this.#database !== undefined) return this.#database;
    throw new ConnectorInternalError('the connector was used before its start', { effect: 'none' });
  }

  override initialize(context: ConnectorContext): void {
    const settings = this.configSchema.parse(context.settings);
    this.#database = new Database(context, settings, this.reach(context, settings));
  }

  override async connect(): Promise<boolean> {
    const { config, signal } = this.context;
    await this.#used().check({ deadline: Date.now() + config.limits.startTimeoutMs, signal });
    return true;
  }

  /** A connector that is there for changes is not well on a server that takes none. */
  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    const database = this.#used();
    const { server } = database.dialect;
    const state = await database.check(context);
    if (state === undefined) return { status: 'healthy', message: `all connections to ${server} are in use` };
    const { version, takesChanges } = state;
    if (takesChanges || database.readOnly)
      return { status: 'healthy', message: `${server} lets us in`, details: { version } };
    return {
      status: 'unhealthy',
      message: `${server} takes no changes, as a replica does; the operator must name the primary server, or set settings.read_only`,
      details: { version, reason: 'server_read_only' },
    };
  }

  override normalizeError(error: unknown): ConnectorError {
    return super.normalizeError(this.#database?.normalizeError(error) ?? error);
  }

  override async close(): Promise<void> {
    await this.#database?.close();
  }
}
