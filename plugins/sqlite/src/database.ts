import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ForbiddenError } from '@automate/sdk';
import type { SqliteSettings } from './config.ts';
import { MEMORY } from './config.ts';
import type { StatementGuard } from './guard-statements.ts';
import { guardStatements } from './guard-statements.ts';
import { locateFile } from './locate-file.ts';

/** An open database and what its statements may do. */
export interface OpenDatabase {
  readonly database: DatabaseSync;
  readonly guard: StatementGuard;
}

type Access = 'read' | 'write';

interface Opened extends OpenDatabase {
  readonly identity: string;
}

/**
 * The connections of one connector: one that SQLite opens for reading only, and one that writes. They are opened when
 * first used, and anew when the file was replaced in the meantime. A database in memory has one connection for both.
 */
export class Database implements Disposable {
  readonly #id: string;
  readonly #settings: SqliteSettings;
  readonly #open = new Map<Access, Opened>();

  constructor(id: string, settings: SqliteSettings) {
    this.#id = id;
    this.#settings = settings;
  }

  get settings(): SqliteSettings {
    return this.#settings;
  }

  /** Does work on a connection on which SQLite refuses to write. */
  read<T>(deadline: number, work: (open: OpenDatabase) => T): T {
    const path = locateFile(this.#id, this.#settings);
    // A file that is to be created is created by the connection that may write.
    if (path !== MEMORY && this.#settings.create && identityOf(path) === '') this.#connect(path, 'write');
    const open = this.#connect(path, path === MEMORY ? 'write' : 'read');
    this.#wait(open, deadline);
    if (path !== MEMORY) return work(open);
    const only = (value: 0 | 1): void => open.guard.trusted(() => open.database.exec(`PRAGMA query_only = ${value}`));
    only(1);
    try {
      return work(open);
    } finally {
      only(0);
    }
  }

  /** Does work on the connection that may write. */
  write<T>(deadline: number, work: (open: OpenDatabase) => T): T {
    if (this.#settings.read_only)
      throw new ForbiddenError(`connector "${this.#id}" only reads (settings.read_only)`, {
        details: { reason: 'read_only' },
      });
    const open = this.#connect(locateFile(this.#id, this.#settings), 'write');
    this.#wait(open, deadline);
    return work(open);
  }

  close(): void {
    for (const access of [...this.#open.keys()]) this.#drop(access);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #connect(path: string, access: Access): OpenDatabase {
    const known = this.#open.get(access);
    // A connection to a file that was removed goes on working, on data that nobody else will ever see.
    if (known !== undefined && known.identity === identityOf(path)) return known;
    this.#drop(access);
    const database = new DatabaseSync(path, {
      readOnly: access === 'read',
      timeout: this.#settings.busy_timeout_ms,
    });
    const opened = { database, guard: guardStatements(database), identity: identityOf(path) };
    this.#open.set(access, opened);
    return opened;
  }

  #drop(access: Access): void {
    this.#open.get(access)?.database.close();
    this.#open.delete(access);
  }

  /** Waiting for a lock blocks the thread, so never longer than the call has time. */
  #wait({ database, guard }: OpenDatabase, deadline: number): void {
    const patience = Math.max(0, Math.min(this.#settings.busy_timeout_ms, deadline - Date.now()));
    guard.trusted(() => database.exec(`PRAGMA busy_timeout = ${patience}`));
  }
}

/** Tells files of one path apart; empty where there is none. */
function identityOf(path: string): string {
  if (path === MEMORY) return MEMORY;
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.dev}:${stats.ino}`;
}
