import { ConnectorAdapter, ConnectorInternalError } from '@automate/sdk';
import type { ConnectorContext, ConnectorError } from '@automate/sdk';
import type { Call, SqlDatabase, Traits } from './dialect.ts';
import { sqlActions } from './sql-actions.ts';

/** A database that a connector holds. */
interface OwnDatabase extends SqlDatabase {
  /** Rejects where it cannot be used. */
  check(call: Call): Promise<unknown>;
  /** The connector error for an error of this database; undefined for any other. */
  normalizeError(error: unknown): ConnectorError | undefined;
  close(): Promise<void> | void;
}

/** A kind of database, but for its names, its settings and how it opens one. */
export abstract class SqlAdapter<D extends OwnDatabase> extends ConnectorAdapter {
  override readonly actions;
  #database: D | undefined;

  constructor(traits: Traits) {
    super();
    this.actions = sqlActions(traits, () => this.database);
  }

  protected abstract open(context: ConnectorContext): D;

  protected get database(): D {
    if (this.#database !== undefined) return this.#database;
    throw new ConnectorInternalError('the connector was used before its start', { effect: 'none' });
  }

  override initialize(context: ConnectorContext): void {
    this.#database = this.open(context);
  }

  override async connect(): Promise<boolean> {
    const { config, signal } = this.context;
    await this.database.check({ deadline: Date.now() + config.limits.startTimeoutMs, signal });
    return true;
  }

  override normalizeError(error: unknown): ConnectorError {
    return super.normalizeError(this.#database?.normalizeError(error) ?? error);
  }

  override async close(): Promise<void> {
    await this.#database?.close();
  }
}
