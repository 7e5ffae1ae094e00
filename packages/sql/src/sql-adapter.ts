import { ConnectorAdapter, ConnectorInternalError } from '@automate/sdk';
import type { AdapterHealth, CallContext, ConnectorContext, ConnectorError } from '@automate/sdk';
import type { Database } from './database.ts';
import type { Traits } from './dialect.ts';
import { sqlActions } from './sql-actions.ts';

/** A kind of database, but for its names, its settings and how it opens one. */
export abstract class SqlAdapter extends ConnectorAdapter {
  override readonly actions;
  #database: Database | undefined;

  constructor(traits: Traits) {
    super();
    this.actions = sqlActions(traits, () => this.#used());
  }

  protected abstract open(context: ConnectorContext): Database;

  #used(): Database {
    if (this.#database !== undefined) return this.#database;
    throw new ConnectorInternalError('the connector was used before its start', { effect: 'none' });
  }

  override initialize(context: ConnectorContext): void {
    this.#database = this.open(context);
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
