import type { PathStep } from './problem-path.ts';

/**
 * What `JSON.parse` does to a text without a word: of a key that stands twice it keeps the last; a key `__proto__` is lost
 * wherever the value is copied; a number that a double cannot hold becomes another.
 */
export interface JsonFinding {
  readonly kind: 'duplicate-key' | 'reserved-key' | 'inexact-number';
  /** From the root: `['orders', 0, 'id']`. */
  readonly path: readonly PathStep[];
  readonly offset: number;
  /** The key or number as it is written. */
  readonly text: string;
}

export type JsonScan =
  | { readonly ok: true; readonly findings: readonly JsonFinding[] }
  /** From this place on it was not read. */
  | {
      readonly ok: false;
      readonly kind: 'syntax' | 'too-deep';
      readonly offset: number;
      readonly expected: string;
      readonly path: readonly PathStep[];
    };

interface Container {
  readonly close: '}' | ']';
  /** Keys seen so far; absent in arrays. */
  readonly keys: Set<string> | undefined;
  /** The key or index whose value is being read. */
  step: PathStep;
}

/** Most findings that are kept. */
const MAX_FINDINGS = 50;

type Next = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or end';

const SPACE = /[ \t\r\n]*/y;
const TEXT = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/**
 * Reads JSON text for what `JSON.parse` does not tell: where exactly it goes wrong, and what of it would be changed in
 * silence. Accepts exactly what `JSON.parse` accepts, down to `maxDepth`; keeps a stack of its own, so that depth costs
 * nothing but memory.
 *
 * @param options.only leaves out findings of other kinds
 */
export function scanJson(
  text: string,
  { maxDepth = Infinity, only }: { readonly maxDepth?: number; readonly only?: JsonFinding['kind'] } = {},
): JsonScan {
  const open: Container[] = [];
  const findings: JsonFinding[] = [];
  let next: Next = 'value';
  let at = 0;

  /** The end of what the sticky expression matches here; where it cannot match, here. */
  const skip = (expression: RegExp): number => {
    expression.lastIndex = at;
    return expression.test(text) ? expression.lastIndex : at;
  };
  const find = (kind: JsonFinding['kind'], end: number): void => {
    if (findings.length < MAX_FINDINGS && (only ?? kind) === kind)
      findings.push({ kind, path: pathOf(open), offset: at, text: text.slice(at, end) });
  };
  const fault = (offset: number, expected: string, kind: 'syntax' | 'too-deep' = 'syntax'): JsonScan => ({
    ok: false,
    kind,
    offset,
    expected,
    // A key that cannot be read is reported at the object that it belongs to.
    path: pathOf(next === 'key' || next === 'key or }' ? open.slice(0, -1) : open),
  });

  for (;;) {
    at = skip(SPACE);
    const inside = open.at(-1);
    const character = text[at];
    if (next === 'comma or end' && inside === undefined)
      return character === undefined ? { ok: true, findings } : fault(at, 'the end of the text');

    if (next === 'comma or end' && inside !== undefined) {
      if (character === inside.close) open.pop();
      else if (character !== ',') return fault(at, `"," or "${inside.close}"`);
      else if (typeof inside.step === 'number') {
        inside.step += 1;
        next = 'value';
      } else next = 'key';
      at++;
    } else if (next === 'colon') {
      if (character !== ':') return fault(at, '":"');
      next = 'value';
      at++;
    } else if ((next === 'value or ]' && character === ']') || (next === 'key or }' && character === '}')) {
      open.pop();
      next = 'comma or end';
      at++;
    } else if ((next === 'key' || next === 'key or }') && inside !== undefined) {
      if (character !== '"') return fault(at, `a key in double quotes${next === 'key' ? '' : ' or "}"'}`);
      const end = skip(TEXT);
      if (text[end] !== '"') return fault(end, 'the rest of a key, closed by a double quote');
      const key = JSON.parse(text.slice(at, end + 1)) as string;
      inside.step = key;
      if (inside.keys?.has(key)) find('duplicate-key', end + 1);
      if (key === '__proto__') find('reserved-key', end + 1);
      inside.keys?.add(key);
      next = 'colon';
      at = end + 1;
    } else if (character === '{' || character === '[') {
      if (open.length >= maxDepth) return fault(at, `at most ${maxDepth} levels of nesting`, 'too-deep');
      const list = character === '[';
      open.push({ close: list ? ']' : '}', keys: list ? undefined : new Set(), step: list ? 0 : '' });
      next = list ? 'value or ]' : 'key or }';
      at++;
    } else if (character === '"') {
      const end = skip(TEXT);
      if (text[end] !== '"') return fault(end, 'the rest of a text, closed by a double quote');
      next = 'comma or end';
      at = end + 1;
    } else {
      const end = skip(SCALAR);
      if (end === at) return fault(at, next === 'value or ]' ? 'a value or "]"' : 'a value');
      if (!isExact(text.slice(at, end))) find('inexact-number', end);
      next = 'comma or end';
      at = end;
    }
  }
}

/**
 * Whether a number comes through a double unchanged. Up to 2^53 it does, since what has a fraction is an approximation to
 * begin with. Beyond, whole numbers written in digits do not, as nobody can tell which of them were rounded before;
 * numbers with a fraction or exponent do if their digits do.
 */
function isExact(literal: string): boolean {
  const value = Number(literal);
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER || Number.isNaN(value)) return true;
  return Number.isFinite(value) && /[.eE]/.test(literal) && digitsOf(literal) === digitsOf(String(value));
}

function digitsOf(literal: string): string {
  const [mantissa = ''] = literal.toLowerCase().split('e');
  return mantissa.replaceAll(/[-+.]/g, '').replaceAll(/^0+|0+$/g, '');
}

function pathOf(open: readonly Container[]): PathStep[] {
  return open.map(({ step }) => step);
}

/** Line and column of an offset, both from 1. */
export function positionOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
