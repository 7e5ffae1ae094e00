import { ENTITIES } from './entities.ts';
import { BACKSLASH, numberAt, readEscape } from './read-escape.ts';
import type { TextFinder } from './text-finder.ts';

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

/** What a search knows of the texts that it is for. */
export type KnownCharacters = Pick<TextFinder, 'holdsChar' | 'holdsBlock' | 'shortest'>;

/**
 * @param known the characters that matter, and in which company: escapes of others are left, unless they may be part of an
 *   escaped escape. Default: all
 */
export function createUnescape(known?: KnownCharacters): Unescape {
  const isWanted = (char: string): boolean => isKnown(known, char) || MAY_BE_PART.has(char);
  const letters = Object.entries(BACKSLASH).flatMap(([letter, char]) =>
    letter !== '\\' && isWanted(char) ? [letter] : [],
  );
  // Behind other backslashes, which are halves of pairs. Lines of base64 end in `\r` and `\n`.
  const beginnings: Readonly<Record<string, RegExp>> = {
    ...BEGINNINGS,
    '\\': new RegExp(`\\\\*[ux0-3rn%&${letters.join('')}]`, 'y'),
  };
  const mayBegin = (char: string, text: string, next: number): boolean => {
    if (!MAY_BE_PART.has(char)) return false;
    const beginning = beginnings[char];
    if (beginning === undefined) return true;
    beginning.lastIndex = next;
    return beginning.test(text);
  };
  const pattern = patternOf(letters, isWanted);
  return (text) => unescape(text, pattern, known, mayBegin);
}

function isKnown(known: KnownCharacters | undefined, char: string): boolean {
  return known === undefined || known.holdsChar(char.charCodeAt(0));
}

/** Of an escape within an escape. */
const MAY_BE_PART = new Set('#;{}\\%&0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ');

/** What else begins an escape, and what may stand next then. */
const BEGINNINGS: Readonly<Record<string, RegExp>> = {
  '%': /[\da-fA-Fu\\%&]/y,
  '&': /[#\\%&]|[a-zA-Z]{2,}[;\\%&]/y,
};

/** Finds the first character of escapes that may be wanted: the engine's search passes over the others faster than ours. */
function patternOf(letters: readonly string[], isWanted: (char: string) => boolean): RegExp {
  const names = [...ENTITIES].flatMap(([name, char]) => (isWanted(char) ? [name] : []));
  const wrap = '[\\r\\n\\\\](?<=[\\w+/-]{60}.)';
  return new RegExp(
    `${wrap}|\\\\(?=[ux0-3\\\\${letters.join('')}])|%(?=[\\da-fA-F]{2}|u)|&(?=#|(?:${names.join('|')});)`,
    'gs',
  );
}

/** Undoes quoted-printable, as mail has it: `=3D`, and lines that go on in the next. Letters and digits stand for themselves there. */
export function createUnquote(known: KnownCharacters): Unescape {
  return (text) =>
    mayBeQuoted(text) ? unescape(text, /=(?=[\dA-Fa-f]{2}|\r?\n|(?:\\r)?\\n)/g, known, () => false) : undefined;
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
  known: KnownCharacters | undefined,
  mayBegin: (char: string, text: string, next: number) => boolean,
): Unescaped | undefined {
  const undone: Undone[] = [];
  let plain = '';
  let done = 0;
  /** The last two characters of what is plain up to `done`, and where the last escape ended that was left for now. */
  let [lastButOne, last, leftUntil] = [0, 0, -1];
  pattern.lastIndex = 0;
  while (pattern.test(text)) {
    const from = pattern.lastIndex - 1;
    const found = readEscape(text, from);
    if (found === undefined) continue;
    const { char, end } = found;
    // The search goes on after the whole escape: in `\\n` the second backslash begins none.
    pattern.lastIndex = end;
    const before = from > done ? text.charCodeAt(from - 1) : last;
    const beforeThat = from - 1 > done ? text.charCodeAt(from - 2) : from > done ? last : lastButOne;
    if (char !== '' && known !== undefined && !mayBegin(char, text, end)) {
      const place = {
        beforeThat,
        before,
        char: char.charCodeAt(0),
        next: codeAt(text, end),
        nextButOne: codeAt(text, end + 1),
      };
      const isKnown = known.holdsChar(place.char);
      const isCertain = char.length === 1 && leftUntil < from - 1;
      if (!maySeparate(place) && (!isKnown || (isCertain && !mayStandIn(known, place)))) {
        if (isKnown) leftUntil = end;
        continue;
      }
    }
    if (char === '\\' && text.charCodeAt(from) !== BACKSLASH_SIGN && standsBeforeBackslash(text, end)) {
      leftUntil = end;
      continue;
    }
    plain += text.slice(done, from);
    undone.push({ at: plain.length, length: char.length, from, end });
    plain += char;
    done = end;
    [lastButOne, last] = lastTwo([beforeThat, before], char);
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

function lastTwo([beforeThat, before]: readonly [number, number], char: string): readonly [number, number] {
  if (char === '') return [beforeThat, before];
  return [char.length > 1 ? char.charCodeAt(char.length - 2) : before, char.charCodeAt(char.length - 1)];
}

/** A character that is undone, and those beside it, which may be escaped themselves. */
interface Place {
  readonly beforeThat: number;
  readonly before: number;
  readonly char: number;
  readonly next: number;
  readonly nextButOne: number;
}

/** Whether it may belong to a known text, to tell by the characters beside it. */
function mayStandIn(known: KnownCharacters, { beforeThat, before, char, next, nextButOne }: Place): boolean {
  if (
    isOpen(before) ||
    isOpen(next) ||
    known.holdsBlock(before, char, next) ||
    known.holdsBlock(beforeThat, before, char)
  )
    return true;
  return isOpen(nextButOne) || known.holdsBlock(char, next, nextButOne);
}

/** Whether it may stand between the bytes of a row. */
function maySeparate({ beforeThat, before, char, next }: Place): boolean {
  const isBehindNumber = SEPARATORS.has(before) || (isDigit(before) && !isOtherLetter(beforeThat));
  return SEPARATORS.has(char) && isBehindNumber && (isDigit(next) || SEPARATORS.has(next) || isOpen(next));
}

function isOpen(code: number): boolean {
  return (
    code === BACKSLASH_SIGN ||
    code === PERCENT ||
    code === AMPERSAND ||
    code === EQUALITY ||
    code === 0x0a ||
    code === 0x0d
  );
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
const SEPARATORS = new Set(Array.from(' ,:;-_|.="\t\n\r', (char) => char.charCodeAt(0)));

function isDigit(code: number): boolean {
  const small = code | 0x20;
  return (code >= 0x30 && code <= 0x39) || (small >= 0x61 && small <= 0x66);
}

function isOtherLetter(code: number): boolean {
  const small = code | 0x20;
  return small > 0x66 && small <= 0x7a;
}

/** Zero beyond the text. */
function codeAt(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : 0;
}

const BACKSLASH_SIGN = 0x5c;
const PERCENT = 0x25;
const AMPERSAND = 0x26;
const EQUALITY = 0x3d;

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
