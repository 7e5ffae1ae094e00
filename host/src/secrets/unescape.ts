import { ENTITIES } from './entities.ts';
import { BACKSLASH, numberAt, readEscape } from './read-escape.ts';

/** A text with one layer of escapes undone, and the way back. */
export interface Unescaped {
  readonly text: string;
  /** Where the character at `index` begins in the text that was unescaped. */
  startOf(index: number): number;
  /** Where the characters before `index` end there. */
  endOf(index: number): number;
}

/** One escape: where its character stands afterwards, and where it stood before. */
interface Undone {
  readonly at: number;
  readonly length: number;
  readonly from: number;
  readonly end: number;
}

/** So many layers are undone: JSON within JSON within JSON within an URL, and one to spare. */
export const MAX_LAYERS = 5;

/**
 * Undoes what JSON, JavaScript, URLs and HTML make of a character: `\n`, `\/`, `\u0026`, `\x26`, `\046`, `%26`, `&amp;`, `&#38;`,
 * `&#x26;`; and what mail and PEM make of long base64, which is broken into lines. What is no escape stays. Undefined where there is none.
 */
export type Unescape = (text: string) => Unescaped | undefined;

/**
 * @param chars the characters that matter; escapes of others are left, unless they may be part of an escaped escape.
 *   Default: all
 */
export function createUnescape(chars?: ReadonlySet<string>): Unescape {
  const isWanted = (char: string): boolean => chars?.has(char) !== false || /[#;{}\da-zA-Z\\%&]/.test(char);
  const pattern = patternOf(isWanted);
  return (text) =>
    unescape(
      text,
      pattern,
      (char, end) => chars?.has(char.charAt(0)) !== false || (mayBegin(char, text, end) ?? isWanted(char)),
    );
}

function mayBegin(char: string, text: string, next: number): boolean | undefined {
  const beginning = BEGINNINGS[char];
  if (beginning === undefined) return undefined;
  beginning.lastIndex = next;
  return beginning.test(text);
}

/** What begins an escape, and what may stand next then. */
const BEGINNINGS: Readonly<Record<string, RegExp>> = {
  '\\': /[^\s<>()[\]=,.:;-]/y,
  '%': /[\da-fA-Fu\\%&]/y,
  '&': /[#\\%&]|[a-zA-Z]{2,}[;\\%&]/y,
};

/** Finds the first character of escapes that may be wanted: the engine's search passes over the others faster than ours. */
function patternOf(isWanted: (char: string) => boolean): RegExp {
  const letters = Object.entries(BACKSLASH).flatMap(([letter, char]) =>
    letter !== '\\' && isWanted(char) ? [letter] : [],
  );
  const names = [...ENTITIES].flatMap(([name, char]) => (isWanted(char) ? [name] : []));
  const wrap = '[\\r\\n\\\\](?<=[\\w+/-]{60}.)';
  return new RegExp(
    `${wrap}|\\\\(?=[ux0-3\\\\${letters.join('')}])|%(?=[\\da-fA-F]{2}|u)|&(?=#|(?:${names.join('|')});)`,
    'gs',
  );
}

/** Undoes quoted-printable, as mail has it: `=3D`, and lines that go on in the next. Letters and digits stand for themselves there. */
export function createUnquote(chars: ReadonlySet<string>): Unescape {
  return (text) =>
    mayBeQuoted(text) ? unescape(text, /=(?=[\dA-Fa-f]{2}|\r?\n|(?:\\r)?\\n)/g, (char) => chars.has(char)) : undefined;
}

/** Most signs of equality stand before quotes and letters, which the engine's search for texts passes sooner than that for patterns. */
function mayBeQuoted(text: string): boolean {
  for (let at = text.indexOf('='); at !== -1; at = text.indexOf('=', at + 1)) {
    const next = text.charCodeAt(at + 1);
    if (next === 0x0a || next === 0x0d) return true;
    if (next === 0x5c ? /[rn]/.test(text.charAt(at + 2)) : numberAt(text, at + 1, 2, 16) !== undefined) return true;
  }
  return false;
}

function unescape(
  text: string,
  pattern: RegExp,
  isWanted: (char: string, end: number) => boolean,
): Unescaped | undefined {
  const undone: Undone[] = [];
  let plain = '';
  let done = 0;
  pattern.lastIndex = 0;
  while (pattern.test(text)) {
    const from = pattern.lastIndex - 1;
    const found = readEscape(text, from);
    if (found === undefined) continue;
    // Past all of it: of `\\n` the second half is none.
    pattern.lastIndex = found.end;
    if (found.char !== '' && !isWanted(found.char, found.end)) continue;
    if (found.char === '\\' && text.charCodeAt(from) !== BACKSLASH_SIGN && standsBeforeBackslash(text, found.end))
      continue;
    plain += text.slice(done, from);
    undone.push({ at: plain.length, length: found.char.length, from, end: found.end });
    plain += found.char;
    done = found.end;
  }
  if (undone.length === 0) return undefined;
  const before = (index: number): Undone | undefined => undone[lastAtMost(undone, index)];
  return {
    text: plain + text.slice(done),
    startOf(index) {
      const last = before(index);
      if (last === undefined) return index;
      return index < last.at + last.length ? last.from : last.end + index - (last.at + last.length);
    },
    endOf(index) {
      const last = before(index - 1);
      if (last === undefined) return index;
      return last.end + Math.max(0, index - (last.at + last.length));
    },
  };
}

/**
 * Of `%5C\\u002b` the backslashes were written last, as who writes `%5C` leaves none: they are undone first, or its own
 * would be taken for the half of a pair.
 */
function standsBeforeBackslash(text: string, next: number): boolean {
  BACKSLASH_NEXT.lastIndex = next;
  return BACKSLASH_NEXT.test(text);
}

const BACKSLASH_NEXT = /(?:[%=]5c|&(?:#(?:92|x5c)|bsol);?)*\\/iy;
const BACKSLASH_SIGN = 0x5c;

/** The last that stands at or before `index`; -1 for none. */
function lastAtMost(undone: readonly Undone[], index: number): number {
  let low = 0;
  let high = undone.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((undone[middle] as Undone).at <= index) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const undoAll = createUnescape();

/** The text with all layers of escapes undone. */
export function unescapeFully(text: string): string {
  let plain = text;
  for (let layer = 0; layer < MAX_LAYERS; layer += 1) {
    const next = undoAll(plain);
    if (next === undefined) break;
    plain = next.text;
  }
  return plain;
}
