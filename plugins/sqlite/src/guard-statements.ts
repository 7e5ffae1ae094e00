import { constants } from 'node:sqlite';
import type { DatabaseSync } from 'node:sqlite';

/** What a connection is for. */
export type Access = 'read' | 'write';

/** Pragmas that only tell, or change nothing but the file, as long as they have no argument. */
const ASKED: ReadonlySet<string> = new Set([
  ...['compile_options', 'data_version', 'database_list', 'encoding', 'foreign_keys', 'freelist_count', 'optimize'],
  ...['page_count', 'page_size', 'schema_version'],
]);
/** Pragmas that only tell, or change nothing but the file, whatever their argument is. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...['application_id', 'foreign_key_check', 'foreign_key_list', 'index_info', 'index_list', 'index_xinfo'],
  ...['integrity_check', 'quick_check', 'table_info', 'table_list', 'table_xinfo', 'user_version', 'wal_checkpoint'],
]);

/** Runs what may do anything, as it is the connector's own. */
export type Trusted = <T>(work: () => T) => T;

/**
 * Has SQLite refuse statements that would leave the file (ATTACH, VACUUM INTO), that begin or end transactions, or that
 * change how the connection works for the calls that come later: what is temporary would hide tables of the file.
 */
export function guardStatements(database: DatabaseSync, access: Access): Trusted {
  let trusting = false;
  database.setAuthorizer((...asked) =>
    trusting || isPermitted(database, access, asked) ? constants.SQLITE_OK : constants.SQLITE_DENY,
  );
  return (work) => {
    trusting = true;
    try {
      return work();
    } finally {
      trusting = false;
    }
  };
}

function isPermitted(
  database: DatabaseSync,
  access: Access,
  [action, first, second, schema]: readonly [number, string | null, string | null, string | null, ...unknown[]],
): boolean {
  switch (action) {
    // Whatever is created or dropped is a row of a table in its schema.
    case constants.SQLITE_INSERT:
    case constants.SQLITE_DELETE:
      return schema !== 'temp';
    case constants.SQLITE_ATTACH:
      // Plain VACUUM attaches a temporary database without a name.
      return first === '';
    case constants.SQLITE_PRAGMA: {
      const name = first?.toLowerCase() ?? '';
      // Other modes are those of one connection, and less safe; one that refuses to write sets them all the same.
      if (name === 'journal_mode') return second === null || (access === 'write' && /^(?:wal|delete)$/i.test(second));
      return HARMLESS.has(name) || (ASKED.has(name) && second === null);
    }
    case constants.SQLITE_TRANSACTION:
      // VACUUM begins one for itself.
      return !database.isTransaction;
    case constants.SQLITE_SAVEPOINT:
      return false;
    default:
      return true;
  }
}
