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
 * Undoes what JSON, JavaScript, URLs and HTML make of a character: `\n`, `\/`, `\u0026`, `\x26`, `%26`, `&amp;`, `&#38;`,
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
      (char, next) => chars?.has(char.charAt(0)) !== false || (BEGINNINGS[char]?.test(next) ?? isWanted(char)),
    );
}

/** What begins an escape, and what may stand next then. */
const BEGINNINGS: Readonly<Record<string, RegExp>> = {
  '\\': /[^\s<>()[\]=,.:;-]/,
  '%': /[\da-fA-Fu\\%&]/,
  '&': /[#a-zA-Z\\%&]/,
};

/** Finds the first character of escapes that may be wanted: the engine's search passes over the others faster than ours. */
function patternOf(isWanted: (char: string) => boolean): RegExp {
  const letters = Object.entries(BACKSLASH).flatMap(([letter, char]) =>
    letter !== '\\' && isWanted(char) ? [letter] : [],
  );
  const names = [...ENTITIES].flatMap(([name, char]) => (isWanted(char) ? [name] : []));
  const wrap = '[\\r\\n\\\\](?<=[\\w+/-]{60}.)';
  return new RegExp(
    `${wrap}|\\\\(?=[ux\\\\${letters.join('')}])|%(?=[\\da-fA-F]{2}|u)|&(?=#|(?:${names.join('|')});)`,
    'gs',
  );
}

function unescape(
  text: string,
  pattern: RegExp,
  isWanted: (char: string, next: string) => boolean,
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
    if (found.char !== '' && !isWanted(found.char, text.charAt(found.end))) continue;
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
    default:
      return readEntity(text, from);
  }
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
  if (letter === 'x') return readHex(text, from + 2, 2);
  if (letter !== 'u') return undefined;
  if (text[from + 2] !== '{') return readHex(text, from + 2, 4);
  const close = text.indexOf('}', from + 3);
  if (close === -1 || close > from + 9) return undefined;
  const code = hexAt(text, from + 3, close - from - 3);
  return code === undefined ? undefined : charOf(code, close + 1);
}

/** A byte, or the bytes of one character of UTF-8; a byte that belongs to none stands for itself, as in Latin-1. */
function readPercent(text: string, from: number): Escape | undefined {
  if (text[from + 1] === 'u') return readHex(text, from + 2, 4);
  const first = hexAt(text, from + 1, 2);
  if (first === undefined) return undefined;
  const length = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
  let code = length === 1 ? first : first & (0xff >> (length + 1));
  for (let index = 1; index < length; index += 1) {
    const at = from + 3 * index;
    const byte = text[at] === '%' ? hexAt(text, at + 1, 2) : undefined;
    if (byte === undefined || byte >> 6 !== 2) return { char: String.fromCharCode(first), end: from + 3 };
    code = (code << 6) | (byte & 0x3f);
  }
  return charOf(code, from + 3 * length);
}

/** Every entity of ASCII's signs, and those letters that a password may hold. */
const ENTITIES: ReadonlyMap<string, string> = new Map(
  (
    'Tab:\t NewLine:\n excl:! quot:" QUOT:" num:# dollar:$ percnt:% amp:& AMP:& apos:\' lpar:( rpar:) ast:* midast:* plus:+ ' +
    'comma:, period:. sol:/ colon:: semi:; lt:< LT:< equals:= gt:> GT:> quest:? commat:@ lsqb:[ lbrack:[ bsol:\\ rsqb:] ' +
    'rbrack:] Hat:^ lowbar:_ UnderBar:_ grave:` DiacriticalGrave:` lcub:{ lbrace:{ verbar:| vert:| VerticalLine:| rcub:} ' +
    'rbrace:} auml:ä ouml:ö uuml:ü Auml:Ä Ouml:Ö Uuml:Ü szlig:ß agrave:à aacute:á acirc:â atilde:ã aring:å aelig:æ ' +
    'ccedil:ç egrave:è eacute:é ecirc:ê euml:ë igrave:ì iacute:í icirc:î iuml:ï ntilde:ñ ograve:ò oacute:ó ocirc:ô ' +
    'otilde:õ oslash:ø ugrave:ù uacute:ú ucirc:û euro:€ pound:£ sect:§ para:¶ deg:° micro:µ'
  )
    .split(' ')
    .map((pair) => [pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1)] as const),
);
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
  const code = hexAt(text, from, digits);
  return code === undefined ? undefined : { char: String.fromCharCode(code), end: from + digits };
}

function hexAt(text: string, from: number, digits: number): number | undefined {
  let value = 0;
  for (let index = from; index < from + digits; index += 1) value = value * 16 + digitAt(text, index);
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
