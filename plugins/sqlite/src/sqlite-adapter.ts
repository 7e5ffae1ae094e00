import { ConnectorAdapter, ConnectorInternalError } from '@automate/sdk';
import type { ConnectorContext, ConnectorError } from '@automate/sdk';
import { sqlActions } from '@automate/sql';
import { configSchema } from './config.ts';
import { Database } from './database.ts';
import { sqliteError } from './sqlite-error.ts';
import { traits } from './sqlite-traits.ts';

/** Milliseconds that the check of the file may wait for a lock. */
const CHECK_MS = 2000;

/** A SQLite database file within a configured directory. */
export default class SqliteAdapter extends ConnectorAdapter {
  readonly name = 'sqlite';
  readonly version = '1.0.0';
  override readonly title = 'SQLite';
  override readonly description = 'Queries and changes a SQLite database file.';
  override readonly configSchema = configSchema;
  #database: Database | undefined;
  readonly #use = (): Database => {
    if (this.#database !== undefined) return this.#database;
    throw new ConnectorInternalError('the connector was used before its start', { effect: 'none' });
  };
  override readonly actions = sqlActions(traits, this.#use);

  override initialize(context: ConnectorContext): void {
    this.#database = new Database(context, configSchema.parse(context.settings));
  }

  /** Reads the file's header, which a file that is no database does not have. */
  override async connect(): Promise<boolean> {
    await this.#use().check({ deadline: Date.now() + CHECK_MS, signal: new AbortController().signal });
    return true;
  }

  override normalizeError(error: unknown): ConnectorError {
    return super.normalizeError(sqliteError(error, 'maybe') ?? error);
  }

  override close(): void {
    this.#database?.close();
  }
}
