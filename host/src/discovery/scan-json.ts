/** A key that stands twice in one object, of which `JSON.parse` would keep the last without a word. */
export interface DuplicateKey {
  /** From the root: `['automate', 'connectors', 'slack']`. Elements of arrays are not counted. */
  readonly path: readonly string[];
  readonly offset: number;
}

export type JsonScan =
  | { readonly ok: true; readonly duplicates: readonly DuplicateKey[] }
  | { readonly ok: false; readonly offset: number; readonly expected: string };

interface Container {
  readonly close: '}' | ']';
  /** Keys seen so far; absent in arrays. */
  readonly keys: Set<string> | undefined;
  /** The key whose value is being read. */
  key: string;
}

type Next = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or end';

const SPACE = /[ \t\r\n]*/y;
const TEXT = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/**
 * Reads JSON text for the two things that `JSON.parse` does not tell: where exactly it goes wrong, and which keys stand
 * twice. Accepts exactly what `JSON.parse` accepts; keeps a stack of its own, so that depth costs nothing but memory.
 */
export function scanJson(text: string): JsonScan {
  const open: Container[] = [];
  const duplicates: DuplicateKey[] = [];
  let next: Next = 'value';
  let at = 0;

  /** The end of what the sticky expression matches here; where it cannot match, here. */
  const skip = (expression: RegExp): number => {
    expression.lastIndex = at;
    return expression.test(text) ? expression.lastIndex : at;
  };

  for (;;) {
    at = skip(SPACE);
    const inside = open.at(-1);
    const character = text[at];
    if (next === 'comma or end' && inside === undefined) {
      return character === undefined
        ? { ok: true, duplicates }
        : { ok: false, offset: at, expected: 'the end of the text' };
    }

    if (next === 'comma or end' && inside !== undefined) {
      if (character === inside.close) open.pop();
      else if (character === ',') next = inside.keys === undefined ? 'value' : 'key';
      else return { ok: false, offset: at, expected: `"," or "${inside.close}"` };
      at++;
    } else if (next === 'colon') {
      if (character !== ':') return { ok: false, offset: at, expected: '":"' };
      next = 'value';
      at++;
    } else if ((next === 'value or ]' && character === ']') || (next === 'key or }' && character === '}')) {
      open.pop();
      next = 'comma or end';
      at++;
    } else if ((next === 'key' || next === 'key or }') && inside !== undefined) {
      if (character !== '"')
        return {
          ok: false,
          offset: at,
          expected: next === 'key' ? 'a key in double quotes' : 'a key in double quotes or "}"',
        };
      const end = skip(TEXT);
      if (text[end] !== '"') return { ok: false, offset: end, expected: 'the rest of a key, closed by a double quote' };
      inside.key = JSON.parse(text.slice(at, end + 1)) as string;
      if (inside.keys?.has(inside.key)) duplicates.push({ path: pathOf(open), offset: at });
      inside.keys?.add(inside.key);
      next = 'colon';
      at = end + 1;
    } else if (character === '{' || character === '[') {
      open.push({ close: character === '{' ? '}' : ']', keys: character === '{' ? new Set() : undefined, key: '' });
      next = character === '{' ? 'key or }' : 'value or ]';
      at++;
    } else if (character === '"') {
      const end = skip(TEXT);
      if (text[end] !== '"')
        return { ok: false, offset: end, expected: 'the rest of a text, closed by a double quote' };
      next = 'comma or end';
      at = end + 1;
    } else {
      const end = skip(SCALAR);
      if (end === at) return { ok: false, offset: at, expected: next === 'value or ]' ? 'a value or "]"' : 'a value' };
      next = 'comma or end';
      at = end;
    }
  }
}

function pathOf(open: readonly Container[]): string[] {
  return open.flatMap((container) => (container.keys === undefined ? [] : [container.key]));
}

/** Line and column of an offset, both from 1. */
export function positionOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
