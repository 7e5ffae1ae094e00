import type { JsonValue, Problem } from '@automate/contract';
import { InvalidInputError } from '@automate/contract';
import { appendPath } from '@automate/contract/schemas';
import type { PathStep } from '@automate/contract/schemas';

/** Nesting that a request may have. A configuration is far flatter; what is deeper means no good. */
const MAX_DEPTH = 64;

interface Fault {
  readonly path: string;
  readonly expected: string;
  readonly at: number;
}

/** Where the reading stands. */
interface Cursor {
  readonly text: string;
  at: number;
}

/**
 * Reads JSON text as strictly as a configuration needs it. `JSON.parse` says neither where text goes wrong nor that a
 * key stands twice, so the text is scanned first, to a bounded depth. Throws INVALID_INPUT with line and column.
 */
export function parseJsonText(text: string): JsonValue {
  const cursor: Cursor = { text, at: 0 };
  const fault = scanValue(cursor, { path: '', depth: 0 }) ?? scanEnd(cursor);
  if (fault === undefined) return JSON.parse(text) as JsonValue;
  const problem = toProblem(fault, text);
  throw new InvalidInputError(
    `the request's body is not acceptable JSON: line ${problem.line}, column ${problem.column}: expected ${problem.expected}, received ${problem.received}`,
    { problems: [problem] },
  );
}

interface Place {
  readonly path: string;
  readonly depth: number;
}

const below = (place: Place, step: PathStep): Place => ({ path: appendPath(place.path, step), depth: place.depth + 1 });

function scanValue(cursor: Cursor, place: Place): Fault | undefined {
  skipSpace(cursor);
  const character = cursor.text[cursor.at];
  if (character === '{' || character === '[') {
    if (place.depth >= MAX_DEPTH) return fault(cursor, place, `at most ${MAX_DEPTH} levels of nesting`);
    return character === '{' ? scanObject(cursor, place) : scanArray(cursor, place);
  }
  if (character === '"') return scanString(cursor, place);
  return skip(cursor, SCALAR) ? undefined : fault(cursor, place, 'a JSON value');
}

const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
const SPACE = /[ \t\r\n]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const PLAIN = /[^"\\\u0000-\u001f]+/y;

function scanObject(cursor: Cursor, place: Place): Fault | undefined {
  const keys = new Set<string>();
  cursor.at += 1;
  skipSpace(cursor);
  if (take(cursor, '}')) return undefined;
  for (;;) {
    skipSpace(cursor);
    const start = cursor.at;
    if (cursor.text[start] !== '"') return fault(cursor, place, 'a key in double quotes');
    const bad = scanString(cursor, place);
    if (bad !== undefined) return bad;
    const key = JSON.parse(cursor.text.slice(start, cursor.at)) as string;
    if (keys.has(key)) return { path: appendPath(place.path, key), expected: 'each key once', at: start };
    keys.add(key);
    skipSpace(cursor);
    if (!take(cursor, ':')) return fault(cursor, place, '":"');
    const inside = scanValue(cursor, below(place, key));
    if (inside !== undefined) return inside;
    skipSpace(cursor);
    if (take(cursor, '}')) return undefined;
    if (!take(cursor, ',')) return fault(cursor, place, '"," or "}"');
  }
}

function scanArray(cursor: Cursor, place: Place): Fault | undefined {
  cursor.at += 1;
  skipSpace(cursor);
  if (take(cursor, ']')) return undefined;
  for (let index = 0; ; index++) {
    const inside = scanValue(cursor, below(place, index));
    if (inside !== undefined) return inside;
    skipSpace(cursor);
    if (take(cursor, ']')) return undefined;
    if (!take(cursor, ',')) return fault(cursor, place, '"," or "]"');
  }
}

function scanString(cursor: Cursor, place: Place): Fault | undefined {
  cursor.at += 1;
  while (skip(cursor, PLAIN) || skip(cursor, ESCAPE));
  return take(cursor, '"') ? undefined : fault(cursor, place, 'the rest of a text, closed by a double quote');
}

function scanEnd(cursor: Cursor): Fault | undefined {
  skipSpace(cursor);
  return cursor.at === cursor.text.length ? undefined : fault(cursor, { path: '', depth: 0 }, 'the end of the text');
}

function skipSpace(cursor: Cursor): void {
  skip(cursor, SPACE);
}

function take(cursor: Cursor, character: string): boolean {
  if (cursor.text[cursor.at] !== character) return false;
  cursor.at += 1;
  return true;
}

function skip(cursor: Cursor, expression: RegExp): boolean {
  expression.lastIndex = cursor.at;
  if (!expression.test(cursor.text)) return false;
  cursor.at = expression.lastIndex;
  return true;
}

function fault(cursor: Cursor, { path }: Place, expected: string): Fault {
  return { path, expected, at: cursor.at };
}

function toProblem({ path, expected, at }: Fault, text: string): Problem {
  const before = text.slice(0, at);
  // One character tells enough, and cannot be much of a secret.
  const received = at >= text.length ? 'the end of the text' : JSON.stringify(text[at]);
  return { path, expected, received, line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
}
