import { ENTITIES } from './entities.ts';

/** One escape: the character that it stands for, and where it ends. */
interface Escape {
  readonly char: string;
  readonly end: number;
}

/** The end of a line of base64 that goes on in the next, also where it is escaped itself. */
const WRAP = /(?<=[\w+/-]{60})(?:\r?\n|(?:\\r)?\\n)(?=[\w+/-])/y;

/** What is escaped there; undefined where it is no escape. */
export function readEscape(text: string, from: number): Escape | undefined {
  switch (text.charCodeAt(from)) {
    case 0x0a:
    case 0x0d:
      return readWrap(text, from);
    case 0x5c:
      return readWrap(text, from) ?? readBackslash(text, from);
    case 0x25:
      return readPercent(text, from);
    case 0x3d:
      return readQuoted(text, from);
    default:
      return readEntity(text, from);
  }
}

function readWrap(text: string, from: number): Escape | undefined {
  WRAP.lastIndex = from;
  return WRAP.test(text) ? { char: '', end: WRAP.lastIndex } : undefined;
}

const SOFT_BREAK = /=(?:\r?\n|(?:\\r)?\\n)/y;

function readQuoted(text: string, from: number): Escape | undefined {
  SOFT_BREAK.lastIndex = from;
  return SOFT_BREAK.test(text) ? { char: '', end: SOFT_BREAK.lastIndex } : readBytes(text, from, QUOTED);
}

/** What stands behind a backslash, and what it means there. */
export const BACKSLASH: Readonly<Record<string, string>> = {
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

/** The number of so many digits; undefined where they are none. */
export function numberAt(text: string, from: number, digits: number, base: 8 | 16): number | undefined {
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
