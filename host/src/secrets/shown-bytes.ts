import type { Unescaped } from './unescape.ts';

/** Shortest row of bytes that is looked at. */
const LEAST_BYTES = 8;
/** Two digits for each byte are the shortest way to write them. */
const LEAST_CHARS = 2 * LEAST_BYTES;
/** So many characters hold a decimal digit, or stand among blanks of a longer row. */
const WINDOW = 4;
/** A row as short as that holds a whole window. No divisor of common widths, so that windows meet digits wherever those recur. */
const STEP = LEAST_CHARS - WINDOW + 1;

const DIGIT = 1;
/** What stands between numbers, or before each: blanks, `\x`, `0x`, `=`, the quotes of keys. */
const BETWEEN = 2;
/** What does so behind a backslash. */
const BLANK_LETTER = 3;
/** Of each character. */
const KINDS = new Uint8Array(0x10000);
for (const char of '0123456789abcdefABCDEF') KINDS[char.charCodeAt(0)] = DIGIT;
for (const char of ' ,:;-_|.=%"xX\\\n\r\t') KINDS[char.charCodeAt(0)] = BETWEEN;
for (const char of 'nrt') KINDS[char.charCodeAt(0)] = BLANK_LETTER;
const DECIMAL = new Uint8Array(0x10000).fill(1, 0x30, 0x3a);

const NO_CODE = 0x10000;
const BACKSLASH = 0x5c;
const QUOTE = 0x22;
/** Where the program that wrote the bytes left some out. */
const CUT_AFTER = /[\s,]*(?:…|\.\.\.)/y;
const CUT_BEFORE = /(?:…|\.\.\.)[\s,]*$/;

/** The characters of the bytes that were read, and where each is written. */
interface Shown {
  text: string;
  readonly starts: number[];
  readonly ends: number[];
}

/**
 * The characters that stand in a text as numbers of bytes or of themselves: `636f72`, `63:6F:72`, `6363 6f72`,
 * `0x63, 0x6f`, `<Buffer 63 6f 72>`, `[99,111,114]`, `{"0":99,"1":111}`. Zeros are left out, so that UTF-16 and UTF-32
 * read alike. What does not belong together is kept apart by quotes, and where something was left out by an ellipsis.
 * Undefined where there are no eight in a row.
 *
 * @param wanted 1 for each code that matters, 0 among them; others end a row
 */
export function shownBytes(text: string, wanted: Uint8Array): Unescaped | undefined {
  const shown: Shown = { text: '', starts: [], ends: [] };
  for (let at = WINDOW - 1; at < text.length; at += STEP) {
    if (!holdsDecimal(text, at) || !isPart(text, at)) continue;
    let start = at;
    while (start > 0 && isPart(text, start - 1)) start -= 1;
    let end = at + 1;
    while (end < text.length && isPart(text, end)) end += 1;
    if (end - start >= LEAST_CHARS) readRun(text, start, end, wanted, shown);
    at = Math.max(at, end - 1);
  }
  if (shown.text === '') return undefined;
  const { starts, ends } = shown;
  return {
    text: shown.text,
    startOf: (index) => starts[index] ?? text.length,
    endOf: (index) => ends[index - 1] ?? 0,
  };
}

/** Whether one of the last four characters is a decimal digit. Those are few in most texts, and bytes of letters all begin with one. */
function holdsDecimal(text: string, at: number): boolean {
  const digits =
    (DECIMAL[text.charCodeAt(at)] as number) |
    (DECIMAL[text.charCodeAt(at - 1)] as number) |
    (DECIMAL[text.charCodeAt(at - 2)] as number) |
    (DECIMAL[text.charCodeAt(at - 3)] as number);
  return digits === 1;
}

function isPart(text: string, at: number): boolean {
  const kind = KINDS[text.charCodeAt(at)];
  return (
    kind === DIGIT || kind === BETWEEN || (kind === BLANK_LETTER && at > 0 && text.charCodeAt(at - 1) === BACKSLASH)
  );
}

/** Reads the numbers of a run in each way in which they may be meant. Most are not wanted, so places are noted late. */
function readRun(text: string, start: number, end: number, wanted: Uint8Array, shown: Shown): void {
  let pairs = 0;
  let pairsFrom = 0;
  let numbers = 0;
  let numbersFrom = 0;
  for (let from = start; from < end; from += 1) {
    if (KINDS[text.charCodeAt(from)] !== DIGIT) continue;
    let code = 0;
    let to = from;
    for (; to < end; to += 1) {
      const char = text.charCodeAt(to);
      if (KINDS[char] !== DIGIT) break;
      code = char <= 0x39 && code < 10_000 ? 10 * code + char - 0x30 : NO_CODE;
    }
    const length = to - from;
    const isEven = length % 2 === 0;
    if (isEven) {
      // Of a long one the middle is looked at below, which costs less.
      const isLong = length > LEAST_CHARS;
      let at = from;
      while (at < to && wanted[byteOf(text, at)] === 1) at += 2;
      if (at > from && pairs === 0) pairsFrom = from;
      pairs += (at - from) / 2;
      while (at < to) {
        if (pairs >= LEAST_BYTES) addPairs(text, pairsFrom, at, shown);
        if (isLong) {
          readPairs(text, at, to, wanted, shown);
          at = to;
          while (wanted[byteOf(text, at - 2)] === 1) at -= 2;
        } else while (at < to && wanted[byteOf(text, at)] !== 1) at += 2;
        pairsFrom = at;
        while (at < to && wanted[byteOf(text, at)] === 1) at += 2;
        pairs = (at - pairsFrom) / 2;
      }
    } else if (!isPrefix(text, from)) {
      if (pairs >= LEAST_BYTES) addPairs(text, pairsFrom, from, shown);
      pairs = 0;
    }
    if (length > LEAST_CHARS) {
      // The first digit need not be theirs.
      readPairs(text, from + 1, to, wanted, shown);
      if (!isEven) readPairs(text, from, to, wanted, shown);
    }
    if (!isKey(text, from)) {
      if (code < NO_CODE && wanted[code] === 1 && !isFraction(text, from, to)) {
        if (numbers === 0) numbersFrom = from;
        numbers += 1;
      } else {
        if (numbers >= LEAST_BYTES) addNumbers(text, numbersFrom, from, shown);
        numbers = 0;
      }
    }
    from = to;
  }
  if (pairs >= LEAST_BYTES) addPairs(text, pairsFrom, end, shown);
  if (numbers >= LEAST_BYTES) addNumbers(text, numbersFrom, end, shown);
}

/** Reads digits with nothing between them: of six bytes that are wanted, one stands at each sixth place. */
function readPairs(text: string, from: number, to: number, wanted: Uint8Array, shown: Shown): void {
  for (let at = from + LEAST_CHARS - 2; at + 2 <= to; at += LEAST_CHARS) {
    if (wanted[byteOf(text, at)] !== 1) continue;
    let start = at;
    while (start - 2 >= from && wanted[byteOf(text, start - 2)] === 1) start -= 2;
    let end = at + 2;
    while (end + 2 <= to && wanted[byteOf(text, end)] === 1) end += 2;
    if (end - start >= LEAST_CHARS) addPairs(text, start, end, shown);
    at = Math.max(at, end - LEAST_CHARS);
  }
}

/** The 0 of `0x63`. */
function isPrefix(text: string, from: number): boolean {
  return text[from] === '0' && /[xX]/.test(text.charAt(from + 1));
}

/** Keys of an object stand in quotes. */
function isKey(text: string, from: number): boolean {
  return from > 0 && text.charCodeAt(from - 1) === QUOTE;
}

function isFraction(text: string, from: number, to: number): boolean {
  return (from > 0 && text[from - 1] === '.') || (text[to] === '.' && /\d/.test(text.charAt(to + 1)));
}

function addPairs(text: string, start: number, end: number, shown: Shown): void {
  const places: number[] = [];
  for (let at = start; at < end; at += 1) {
    if (KINDS[text.charCodeAt(at)] !== DIGIT || isPrefix(text, at)) continue;
    places.push(at);
    at += 1;
  }
  add(
    text,
    places.map((at) => ({ code: byteOf(text, at), from: at > 1 && isPrefix(text, at - 2) ? at - 2 : at, to: at + 2 })),
    shown,
  );
}

function addNumbers(text: string, start: number, end: number, shown: Shown): void {
  const numbers: Found[] = [];
  for (const { 0: digits, index } of text.slice(start, end).matchAll(/\d+/g)) {
    const from = start + index;
    if (!isKey(text, from)) numbers.push({ code: Number(digits), from, to: from + digits.length });
  }
  add(text, numbers, shown);
}

interface Found {
  readonly code: number;
  readonly from: number;
  readonly to: number;
}

function add(text: string, all: readonly Found[], shown: Shown): void {
  const found = all.filter(({ code }) => code !== 0);
  if (found.length < LEAST_BYTES) return;
  const [first = 0, last = 0] = [found[0]?.from, found.at(-1)?.to];
  CUT_AFTER.lastIndex = last;
  const before = CUT_BEFORE.test(text.slice(Math.max(0, first - 5), first)) ? '…' : '"';
  const after = CUT_AFTER.test(text) ? '…' : '"';
  shown.text += `${before}${found.map(({ code }) => String.fromCharCode(code)).join('')}${after}`;
  shown.starts.push(first);
  shown.ends.push(first);
  for (const { from, to } of found) {
    shown.starts.push(from);
    shown.ends.push(to);
  }
  shown.starts.push(last);
  shown.ends.push(last);
}

function byteOf(text: string, at: number): number {
  return 16 * valueOf(text.charCodeAt(at)) + valueOf(text.charCodeAt(at + 1));
}

function valueOf(digit: number): number {
  return digit <= 0x39 ? digit - 0x30 : (digit | 0x20) - 0x57;
}
