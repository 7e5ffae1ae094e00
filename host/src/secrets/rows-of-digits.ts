/** Most digits of a number: those of the highest code in UTF-16. */
const LONGEST_NUMBER = 5;

const DIGIT = 1;
/** What stands between numbers, or before each: blanks, `\x`, `0x`, `=`, the quotes of keys. */
const BETWEEN = 2;
/** A letter that is a blank after a backslash, as in `\n`. */
const BLANK_LETTER = 3;
/** What each character may be in a row, by its code. */
const KINDS = new Uint8Array(0x10000);
for (const char of '0123456789abcdefABCDEF') KINDS[char.charCodeAt(0)] = DIGIT;
for (const char of ' ,:;-_|.=%"xX\\\n\r\t') KINDS[char.charCodeAt(0)] = BETWEEN;
for (const char of 'nrt') KINDS[char.charCodeAt(0)] = BLANK_LETTER;
/** Of each hexadecimal digit. */
const VALUES = new Uint8Array(0x100);
for (const char of '0123456789abcdefABCDEF') VALUES[char.charCodeAt(0)] = parseInt(char, 16);

const ZERO = 0x30;
const NINE = 0x39;
const POINT = 0x2e;
const X = 0x78;
const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const BLANK = 0x20;
const COLON = 0x3a;
export const NONE = -1;
/** The codes of a text, as each is read several times. Zeros before and behind save asking for its ends. */
export type Units = Uint16Array;
export const PAD = 4;
const MOST_KEPT = 1 << 15;

/** The ways to read a row of numbers, of which each is told by the place of its first digit. */
export type Reading = typeof PAIRS | typeof NUMBERS;
export const PAIRS = 0;
export const NUMBERS = 1;

/** The number at `at`. */
export function codeAt(units: Units, at: number, reading: Reading): number {
  return reading === PAIRS ? byteAt(units, at) : numberAt(units, at);
}

/** Where it has ended. */
export function endAt(units: Units, at: number, reading: Reading): number {
  return reading === PAIRS ? at + 2 : endOfDecimals(units, at);
}

/** The number that stands next to the left of `end`, whatever may stand between two of a row; `NONE` where there is none. */
export function before(units: Units, end: number, reading: Reading): number {
  return reading === PAIRS ? pairBefore(units, end) : numberBefore(units, skipBack(units, end));
}

/** The same to the right. */
export function after(units: Units, from: number, reading: Reading): number {
  return reading === PAIRS ? pairAfter(units, from) : numberAfter(units, from);
}

/**
 * Where the next run of `length` characters begins that rows are made of; the text's length where there is none. Each run is
 * checked from its last character: after one that is not of a row the next `length` characters are checked, so that most of a text is
 * skipped and need not be turned into units.
 */
export function findRun(text: string, from: number, length: number): number {
  let start = from;
  for (let at = start + length - 1; at >= start; at -= 1) {
    if (at >= text.length) return text.length;
    const kind = KINDS[text.charCodeAt(at)];
    if (kind === BLANK_LETTER ? text.charCodeAt(at - 1) === BACKSLASH : kind !== 0) continue;
    start = at + 1;
    at = start + length;
  }
  return start;
}

/** Makes a function that gives the codes of a text, from `PAD` on. One array serves all texts, as allocating one each costs more than the rest. */
export function createUnits(): (text: string) => Units {
  const kept = new Uint16Array(MOST_KEPT);
  return (text) => {
    const length = text.length + 2 * PAD;
    const units = length > MOST_KEPT ? new Uint16Array(length) : kept.subarray(0, length);
    Buffer.from(units.buffer).write(text, 2 * PAD, 'utf16le');
    return units.fill(0, length - PAD);
  };
}

function pairBefore(units: Units, end: number): number {
  let at = end;
  if (!isDigit(units, at - 1)) {
    at = skipBack(units, at);
    if (isPrefix(units, at - 1) && !isDigit(units, at - 2)) at = skipBack(units, at - 1);
  }
  return isDigit(units, at - 1) && isDigit(units, at - 2) ? at - 2 : NONE;
}

function pairAfter(units: Units, from: number): number {
  let at = from;
  if (!isDigit(units, at)) {
    at = skipOn(units, at);
    if (isPrefix(units, at)) at = skipOn(units, at + 1);
  }
  return isDigit(units, at) && isDigit(units, at + 1) ? at : NONE;
}

/** The number that ends there, or the next before keys that do. */
export function numberBefore(units: Units, given: number): number {
  for (let end = given; ; end = skipBack(units, end)) {
    let at = end;
    while (isDecimal(units, at - 1) && end - at <= LONGEST_NUMBER) at -= 1;
    if (!isNumber(units, at, end)) return NONE;
    if (!isKey(units, at, end)) return at;
    end = at;
  }
}

function numberAfter(units: Units, from: number): number {
  for (let at = skipOn(units, from); ; at = skipOn(units, at)) {
    const end = endOfDecimals(units, at);
    if (!isNumber(units, at, end)) return NONE;
    if (!isKey(units, at, end)) return at;
    at = end;
  }
}

/** Whether what stands there is a whole number, and one of few digits. */
function isNumber(units: Units, at: number, end: number): boolean {
  if (at === end || end - at > LONGEST_NUMBER || isDigit(units, at - 1) || isDigit(units, end)) return false;
  return units[at - 1] !== POINT && !(units[end] === POINT && isDecimal(units, end + 1));
}

function byteAt(units: Units, at: number): number {
  return ((VALUES[units[at] as number] as number) << 4) | (VALUES[units[at + 1] as number] as number);
}

function numberAt(units: Units, at: number): number {
  let code = 0;
  for (let place = at; isDecimal(units, place); place += 1) code = 10 * code + (units[place] as number) - ZERO;
  return code;
}

export function endOfDecimals(units: Units, from: number): number {
  let end = from;
  while (isDecimal(units, end) && end - from <= LONGEST_NUMBER) end += 1;
  return end;
}

export function skipOn(units: Units, from: number): number {
  let at = from;
  while (isBetween(units, at)) at += 1;
  return at;
}

function skipBack(units: Units, from: number): number {
  let at = from;
  while (isBetween(units, at - 1)) at -= 1;
  return at;
}

export function isDigit(units: Units, at: number): boolean {
  return KINDS[units[at] as number] === DIGIT;
}

export function isDecimal(units: Units, at: number): boolean {
  const code = units[at] as number;
  return code >= ZERO && code <= NINE;
}

/** Whether a row may be made of such a character, or this letter behind a backslash. */
export function isPart(units: Units, at: number): boolean {
  return KINDS[units[at] as number] !== 0;
}

function isBetween(units: Units, at: number): boolean {
  const kind = KINDS[units[at] as number];
  return kind === BETWEEN || (kind === BLANK_LETTER && units[at - 1] === BACKSLASH);
}

/** The 0 of `0x63`. */
export function isPrefix(units: Units, at: number): boolean {
  return units[at] === ZERO && ((units[at + 1] as number) | 0x20) === X;
}

/** Keys of an object stand in quotes before a colon. */
function isKey(units: Units, at: number, end: number): boolean {
  if (units[at - 1] !== QUOTE) return false;
  let place = end;
  while (units[place] === BACKSLASH) place += 1;
  if (units[place] !== QUOTE) return false;
  do place += 1;
  while (units[place] === BLANK);
  return units[place] === COLON;
}
