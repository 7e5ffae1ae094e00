import { ENTITIES } from './entities.ts';

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

interface Escape {
  readonly char: string;
  readonly end: number;
}

/** The end of a line of base64 that goes on in the next, also where it is escaped itself. */
const WRAP = /(?<=[\w+/-]{60})(?:\r?\n|(?:\\r)?\\n)(?=[\w+/-])/y;

function readEscape(text: string, from: number): Escape | undefined {
  WRAP.lastIndex = from;
  if (WRAP.test(text)) return { char: '', end: WRAP.lastIndex };
  switch (text.charCodeAt(from)) {
    case 0x0a:
    case 0x0d:
      return undefined;
    case 0x5c:
      return readBackslash(text, from);
    case 0x25:
      return readPercent(text, from);
    case 0x3d:
      return readQuoted(text, from);
    default:
      return readEntity(text, from);
  }
}

const SOFT_BREAK = /=(?:\r?\n|(?:\\r)?\\n)/y;

function readQuoted(text: string, from: number): Escape | undefined {
  SOFT_BREAK.lastIndex = from;
  return SOFT_BREAK.test(text) ? { char: '', end: SOFT_BREAK.lastIndex } : readBytes(text, from, QUOTED);
}

const BACKSLASH: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

function readBackslash(text: string, from: number): Escape | undefined {
  const letter = text.charAt(from + 1);
  const plain = BACKSLASH[letter];
  if (plain !== undefined) return { char: plain, end: from + 2 };
  if (letter === 'x') return readBytes(text, from, BACKSLASH_HEX);
  if (letter >= '0' && letter <= '3') return readBytes(text, from, BACKSLASH_OCTAL);
  if (letter !== 'u') return undefined;
  if (text[from + 2] !== '{') return readHex(text, from + 2, 4);
  const close = text.indexOf('}', from + 3);
  if (close === -1 || close > from + 9) return undefined;
  const code = numberAt(text, from + 3, close - from - 3, 16);
  return code === undefined ? undefined : charOf(code, close + 1);
}

function readPercent(text: string, from: number): Escape | undefined {
  return text[from + 1] === 'u' ? readHex(text, from + 2, 4) : readBytes(text, from, PERCENT);
}

/** How a byte is written: `%26`, `=26`, `\x26`, `\046`. */
interface ByteForm {
  readonly prefix: string;
  readonly digits: number;
  readonly base: 8 | 16;
}

const PERCENT: ByteForm = { prefix: '%', digits: 2, base: 16 };
const QUOTED: ByteForm = { prefix: '=', digits: 2, base: 16 };
const BACKSLASH_HEX: ByteForm = { prefix: '\\x', digits: 2, base: 16 };
const BACKSLASH_OCTAL: ByteForm = { prefix: '\\', digits: 3, base: 8 };

/** A byte, or the bytes of one character of UTF-8; a byte that belongs to none stands for itself, as in Latin-1. */
function readBytes(text: string, from: number, form: ByteForm): Escape | undefined {
  const size = form.prefix.length + form.digits;
  const first = byteAt(text, from, form);
  if (first === undefined) return undefined;
  const length = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
  let code = length === 1 ? first : first & (0xff >> (length + 1));
  for (let index = 1; index < length; index += 1) {
    const byte = byteAt(text, from + size * index, form);
    if (byte === undefined || byte >> 6 !== 2) return { char: String.fromCharCode(first), end: from + size };
    code = (code << 6) | (byte & 0x3f);
  }
  return charOf(code, from + size * length);
}

function byteAt(text: string, at: number, { prefix, digits, base }: ByteForm): number | undefined {
  if (!text.startsWith(prefix, at)) return undefined;
  const byte = numberAt(text, at + prefix.length, digits, base);
  return byte !== undefined && byte <= 0xff ? byte : undefined;
}

const LONGEST_ENTITY = 18;

function readEntity(text: string, from: number): Escape | undefined {
  if (text.charCodeAt(from + 1) === NUMBER_SIGN) return readNumericEntity(text, from);
  let end = from + 1;
  while (isLetter(text.charCodeAt(end)) && end - from < LONGEST_ENTITY) end += 1;
  const char = text.charCodeAt(end) === SEMICOLON ? ENTITIES.get(text.slice(from + 1, end)) : undefined;
  return char === undefined ? undefined : { char, end: end + 1 };
}

/** Browsers do without its semicolon. */
function readNumericEntity(text: string, from: number): Escape | undefined {
  const hex = (text.charCodeAt(from + 2) | 0x20) === 0x78;
  const start = from + (hex ? 3 : 2);
  let end = start;
  while (end - start < 7 && digitAt(text, end) < (hex ? 16 : 10)) end += 1;
  if (end === start) return undefined;
  return charOf(parseInt(text.slice(start, end), hex ? 16 : 10), text.charCodeAt(end) === SEMICOLON ? end + 1 : end);
}

const NUMBER_SIGN = 0x23;
const SEMICOLON = 0x3b;

function isLetter(code: number): boolean {
  const small = code | 0x20;
  return small >= 0x61 && small <= 0x7a;
}

function readHex(text: string, from: number, digits: number): Escape | undefined {
  const code = numberAt(text, from, digits, 16);
  return code === undefined ? undefined : { char: String.fromCharCode(code), end: from + digits };
}

function numberAt(text: string, from: number, digits: number, base: 8 | 16): number | undefined {
  let value = 0;
  for (let index = from; index < from + digits; index += 1) {
    const digit = digitAt(text, index);
    value = digit < base ? value * base + digit : NaN;
  }
  return digits === 0 || Number.isNaN(value) ? undefined : value;
}

/** The hexadecimal digit there; NaN for none. */
function digitAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const small = code | 0x20;
  return small >= 0x61 && small <= 0x66 ? small - 0x57 : NaN;
}

function charOf(code: number, end: number): Escape | undefined {
  return code > 0x10ffff ? undefined : { char: String.fromCodePoint(code), end };
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
