import { constants } from 'node:sqlite';
import type { DatabaseSync } from 'node:sqlite';

/** Pragmas that only tell; those named with `true` may be given an argument. */
const PRAGMAS: Readonly<Record<string, boolean>> = {
  application_id: true,
  compile_options: false,
  data_version: false,
  database_list: false,
  encoding: false,
  foreign_key_check: true,
  foreign_key_list: true,
  foreign_keys: false,
  freelist_count: false,
  index_info: true,
  index_list: true,
  index_xinfo: true,
  integrity_check: true,
  journal_mode: true,
  optimize: false,
  page_count: false,
  page_size: false,
  quick_check: true,
  schema_version: false,
  table_info: true,
  table_list: true,
  table_xinfo: true,
  user_version: true,
  wal_checkpoint: true,
};

/** What statements may do for now. */
export interface StatementGuard {
  /** While it runs, statements may not begin or end transactions. */
  withinTransaction<T>(work: () => T): T;
  /** While it runs, statements may do anything: they are the connector's own. */
  trusted<T>(work: () => T): T;
}

/**
 * Has SQLite refuse statements that would leave the file (ATTACH, VACUUM INTO) or change how the connection works for
 * the calls that come later.
 */
export function guardStatements(database: DatabaseSync): StatementGuard {
  let mode: 'open' | 'transaction' | 'trusted' = 'open';
  const during = <T>(next: typeof mode, work: () => T): T => {
    const before = mode;
    mode = next;
    try {
      return work();
    } finally {
      mode = before;
    }
  };
  database.setAuthorizer((action, first, second) => {
    if (mode === 'trusted') return constants.SQLITE_OK;
    return isPermitted(action, first, second, mode === 'transaction') ? constants.SQLITE_OK : constants.SQLITE_DENY;
  });
  return {
    withinTransaction: (work) => during('transaction', work),
    trusted: (work) => during('trusted', work),
  };
}

function isPermitted(action: number, first: string | null, second: string | null, inTransaction: boolean): boolean {
  switch (action) {
    case constants.SQLITE_ATTACH:
      // Plain VACUUM attaches a temporary database without a name.
      return first === '';
    case constants.SQLITE_PRAGMA: {
      const name = first?.toLowerCase() ?? '';
      return Object.hasOwn(PRAGMAS, name) && (second === null || PRAGMAS[name] === true);
    }
    case constants.SQLITE_TRANSACTION:
    case constants.SQLITE_SAVEPOINT:
      return !inTransaction;
    default:
      return true;
  }
}
