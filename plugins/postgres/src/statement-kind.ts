import { InvalidInputError } from '@automate/sdk';

const LEADING = /^(?:\s|;|\(|--[^\n]*(?:\n|$)|\/\*[^]*?\*\/)*/;
const READS: ReadonlySet<string> = new Set(['select', 'with', 'values', 'table', 'show', 'explain']);
const CONTROLS: ReadonlySet<string> = new Set([
  'begin',
  'start',
  'commit',
  'end',
  'rollback',
  'abort',
  'savepoint',
  'release',
  'prepare',
]);

/** The first word of a statement, in small letters. */
function firstWord(sql: string): string {
  return /^[a-z]+/i.exec(sql.replace(LEADING, ''))?.[0].toLowerCase() ?? '';
}

/** COPY and the like reach files and programs of the server, of which a transaction that only reads knows nothing. */
export function refuseUnlessReading(sql: string): void {
  const word = firstWord(sql);
  if (READS.has(word)) return;
  throw wrongStatement(`a statement that gives rows (${[...READS].join(', ').toUpperCase()})`, word);
}

/** The connector itself begins and ends transactions; a statement that did would take others with it, or leave one open. */
export function refuseTransactionControl(sql: string): void {
  const word = firstWord(sql);
  if (CONTROLS.has(word))
    throw wrongStatement('no statement that begins or ends a transaction: the action transaction does', word);
}

function wrongStatement(expected: string, word: string): InvalidInputError {
  const received = word === '' ? 'another text' : word.toUpperCase();
  return new InvalidInputError(`sql: expected ${expected}, received ${received}`, {
    problems: [{ path: 'sql', expected, received }],
    details: { reason: 'statement' },
  });
}
