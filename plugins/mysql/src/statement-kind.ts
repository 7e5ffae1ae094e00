import { InvalidInputError } from '@automate/sdk';

/** Comments too, but not those that the server runs. */
const LEADING = /^(?:\s|;|\(|--[^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|\/\*(?!M?!)[^]*?\*\/)*/;
/** Texts, names and comments, in which nothing is a keyword; then where a SELECT would write a file. */
const WRITES_FILE =
  /'(?:[^'\\]|\\[^]|'')*'|"(?:[^"\\]|\\[^]|"")*"|`(?:[^`]|``)*`|\/\*(?!M?!)[^]*?\*\/|(?:--\s|#)[^\n]*|(?<into>\binto\s+(?:outfile|dumpfile)\b)/gi;

const READS: ReadonlySet<string> = new Set([
  'select',
  'with',
  'values',
  'table',
  'show',
  'explain',
  'describe',
  'desc',
]);
/** What can be undone. All else (CREATE, GRANT, LOCK, CALL) may commit on the way. */
const UNDOABLE: ReadonlySet<string> = new Set([
  'select',
  'with',
  'values',
  'insert',
  'update',
  'delete',
  'replace',
  'do',
]);
const CONTROLS: ReadonlySet<string> = new Set(['begin', 'start', 'commit', 'rollback', 'savepoint', 'release', 'xa']);

/** A transaction that only reads still lets SET GLOBAL, KILL and files through. */
export function refuseUnlessReading(sql: string): void {
  const word = firstWord(sql);
  if (!READS.has(word)) throw wrongStatement(`a statement that gives rows (${listOf(READS)})`, word);
  if ([...sql.matchAll(WRITES_FILE)].some(({ groups }) => groups?.['into'] !== undefined))
    throw wrongStatement('a statement that only reads', 'into outfile');
}

/** Statements that commit by themselves would leave half of a transaction behind. */
export function refuseUnlessUndoable(sql: string): void {
  const word = firstWord(sql);
  if (!UNDOABLE.has(word)) throw wrongStatement(`a statement that can be undone (${listOf(UNDOABLE)})`, word);
}

/** The connector itself begins and ends transactions; a statement that did would leave one open. */
export function refuseTransactionControl(sql: string): void {
  const word = firstWord(sql);
  if (CONTROLS.has(word))
    throw wrongStatement('no statement that begins or ends a transaction: the action transaction does', word);
}

function firstWord(sql: string): string {
  return /^[a-z]+/i.exec(sql.replace(LEADING, ''))?.[0].toLowerCase() ?? '';
}

const listOf = (words: ReadonlySet<string>): string => [...words].join(', ').toUpperCase();

function wrongStatement(expected: string, word: string): InvalidInputError {
  const received = word === '' ? 'another text' : word.toUpperCase();
  return new InvalidInputError(`sql: expected ${expected}, received ${received}`, {
    problems: [{ path: 'sql', expected, received }],
    details: { reason: 'statement' },
  });
}
