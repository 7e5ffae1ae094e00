import type { StatementUse, Traits } from '@automate/sql';
import { SESSION_ONLY } from '@automate/sql';

/** Statements that a transaction can undo, or that change nothing. All else (CREATE, GRANT, LOCK, CALL) may commit on the way. */
export const UNDOABLE = ['select', 'with', 'values', 'insert', 'update', 'delete', 'replace', 'do'];
/** It only fails. */
const FAILS = ['signal', 'resignal'];
const READS = ['select', 'with', 'values', 'table', 'show', 'explain', 'describe', 'desc'];
const COMMENTS = String.raw`/\*(?!M?!)[^]*?\*/|(?:--(?=\s|$)|#)[^\n]*`;
const OPAQUE = new RegExp(
  String.raw`'(?:[^'\\]|\\[^]|'')*'|"(?:[^"\\]|\\[^]|"")*"|` + '`(?:[^`]|``)*`|' + COMMENTS,
  'g',
);
const OPAQUE_WITHOUT_ESCAPES = new RegExp(`'[^']*'|"[^"]*"|\`[^\`]*\`|${COMMENTS}`, 'g');
/** Between the words there may be a comment of which the server decides whether it is one. */
const WRITES_FILE = /\binto\s+(?:out|dump)file\b|\/\*m?![^]*\b(?:out|dump)file\b/;
const LOADS_ROWS = /^\s*load\s+(?:data|xml)\b/;

/** Fails wherever it is evaluated. */
const OUT_OF_RANGE = '~0 + 1';
/** How the server says that it did. */
export const SAYS_ANOTHER_ROW = /out of range in '\(?~\(?0\)? \+ 1\)?'/;

const quoteName = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

/** What ends with the session, and that with the call: the answer would be that something is done which is gone at once. */
const SESSION: readonly RegExp[] = [
  /^(?:use|prepare|execute|deallocate|handler|lock|unlock|backup)\b/,
  /^set\s+(?!global\b|@@global\b|persist\b|persist_only\b|@@persist\b|password\b|default\s+role\b|statement\b)/,
  /^(?:create(?:\s+or\s+replace)?|drop)\s+temporary\b/,
  /^flush\b.*(?:with\s+read\s+lock|for\s+export)/s,
];

/** The same, but for a transaction, whose later statements may use it. */
const CALL_ONLY = /\binto\s+@|\bget_lock\s*\(/;
/** A variable of the session, in which a procedure would leave what it has to say. */
const CALL_WITH_VARIABLE = /^call\b.*[(,]\s*@[^@]/s;

/** What is known of MySQL and MariaDB before any server is spoken to. */
export const traits: Traits = {
  name: 'MySQL',
  placeholder: '`?` stands for a parameter',
  grammar: {
    // Comments too, but not those that the server runs.
    opaque: OPAQUE,
    reads: READS,
    controls: ['begin', 'commit', 'rollback', 'savepoint', 'release', 'xa'],
    undoable: UNDOABLE,
    isAtomic: (word, skeleton) =>
      !WRITES_FILE.test(skeleton) && ([...UNDOABLE, ...READS, ...FAILS].includes(word) || LOADS_ROWS.test(skeleton)),
    refuse: refuseStatement,
  },
  isolation: { levels: ['read_committed', 'repeatable_read', 'serializable'], default: 'repeatable_read' },
  schema: 'A database of the server',
  tableTypes: ['table', 'view', 'sequence'],
  quote: quoteName,
  parameter: () => '?',
  maxParameters: 65_535,
  upsert,
  upsertsByAnyKey: true,
  nullsLast: false,
  unordered: ['enum', 'set'],
};

/**
 * What is there is known by any of the table's unique keys. Where that is another one than the key of the call, the row is
 * another row: it is not updated, the statement fails.
 */
function upsert(key: readonly string[], columns: readonly string[]): string {
  const same = key.map((name) => `${quoteName(name)} <=> VALUES(${quoteName(name)})`).join(' AND ');
  const updated = (columns.length === 0 ? key : columns).map((name) => {
    const value = columns.length === 0 ? quoteName(name) : `VALUES(${quoteName(name)})`;
    return `${quoteName(name)} = IF(${same}, ${value}, ${OUT_OF_RANGE})`;
  });
  return ` ON DUPLICATE KEY UPDATE ${updated.join(', ')}`;
}

function refuseStatement(_word: string, skeleton: string, use: StatementUse, sql: string): string | undefined {
  const statement = skeleton.replace(/^[\s;(]+/, '');
  if (/^start\s+transaction\b/.test(statement))
    return 'no statement that begins or ends a transaction: the action transaction does';
  // What is between quotes depends on whether the session reads backslashes so (NO_BACKSLASH_ESCAPES).
  const plain = sql.replace(OPAQUE_WITHOUT_ESCAPES, ' ').toLowerCase();
  if (use === 'query' && (WRITES_FILE.test(statement) || WRITES_FILE.test(plain)))
    return 'a statement that only reads: no INTO OUTFILE';
  if (use === 'transaction' && WRITES_FILE.test(statement))
    return 'a statement that can be undone: a file of INTO OUTFILE would stay';
  if (CALL_WITH_VARIABLE.test(statement)) return 'no variable of the session: a ? with null gives what is OUT as a row';
  const gone =
    SESSION.some((pattern) => pattern.test(statement)) || (use !== 'transaction' && CALL_ONLY.test(statement));
  return gone ? SESSION_ONLY : undefined;
}
