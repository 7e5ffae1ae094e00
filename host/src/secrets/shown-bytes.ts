import type { Reading, Units } from './rows-of-digits.ts';
import {
  after,
  before,
  codeAt,
  createUnits,
  endAt,
  endOfDecimals,
  findRun,
  isDecimal,
  isDigit,
  isPart,
  isPrefix,
  NONE,
  NUMBERS,
  numberBefore,
  PAD,
  PAIRS,
  skipOn,
} from './rows-of-digits.ts';
import { MIN_PART_LENGTH } from './text-finder.ts';
import type { KnownCharacters, Unescaped } from './unescape.ts';

/** Fewest bytes of a row that is read, unless a known text has fewer: so many make a part of one. */
const LEAST_BYTES = MIN_PART_LENGTH;
/** So many zeros stand between the bytes of letters in UTF-32. */
const MOST_ZEROS = 3;
/** Where the program that wrote the bytes left some out. */
const CUT_AFTER = /[\s,]*(?:…|\.\.\.)/y;
const CUT_BEFORE = /(?:…|\.\.\.)[\s,]*$/;

interface Row {
  readonly start: number;
  readonly end: number;
  /** Of its characters: zeros are none. */
  readonly length: number;
  readonly reading: Reading;
}

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
 * Undefined where there is no row that may hold a known text, or a part of one.
 *
 * Where enough characters follow each other that rows are made of, the text is looked at here and there, and read to both
 * sides from there for as long as what it shows does so in some known text: mostly that is nowhere.
 */
export function createShowBytes(known: KnownCharacters): (text: string) => Unescaped | undefined {
  const unitsOf = createUnits();
  return (text) => showBytes(text, unitsOf, known);
}

function showBytes(text: string, unitsOf: (text: string) => Units, known: KnownCharacters): Unescaped | undefined {
  const least = Math.min(known.shortest, LEAST_BYTES);
  // A byte has at least two digits. The first may be taken for the end of what stands before it, so that a run is one byte
  // shorter than the row.
  const step = 2 * (least - 1);
  // Numbers of one digit have a separator less than digits.
  const lookFrom = (from: number): number => findRun(text, from, step + 1) + step - 1;
  let next = lookFrom(0);
  if (next >= text.length) return undefined;
  const units = unitsOf(text);
  const shown: Shown = { text: '', starts: [], ends: [] };
  /** Where the last rows ended: those of pairs that begin at even places, at odd ones, and those of numbers. */
  const done = [0, 0, 0];
  const read = (at: number, reading: Reading, kind: number): void => {
    if (at < (done[kind] as number)) return;
    const row = rowAround(units, at, reading, known);
    if (row === undefined || row.length < least) return;
    done[kind] = row.end;
    noteRow(text, units, row, shown);
  };
  while (next < text.length) {
    let at = next + PAD;
    if (!isPart(units, at)) {
      next = lookFrom(next + 1);
      continue;
    }
    if (!isDigit(units, at)) at = skipOn(units, at);
    if (isPrefix(units, at)) at = skipOn(units, at + 1);
    next = at - PAD + step;
    if (!isDigit(units, at)) continue;
    if (isDigit(units, at + 1)) read(at, PAIRS, at & 1);
    if (isDigit(units, at - 1)) read(at - 1, PAIRS, (at - 1) & 1);
    if (!isDecimal(units, at)) continue;
    const number = numberBefore(units, endOfDecimals(units, at));
    if (number !== NONE) read(number, NUMBERS, 2);
  }
  if (shown.text === '') return undefined;
  const { starts, ends } = shown;
  return {
    text: shown.text,
    startOf: (index) => starts[index] ?? text.length,
    endOf: (index) => ends[index - 1] ?? 0,
  };
}

/** The row around the number at `from`; undefined where that would be its first, or belongs to none. */
function rowAround(units: Units, from: number, reading: Reading, known: KnownCharacters): Row | undefined {
  let start = NONE;
  let zeros = 0;
  let near = 0;
  let far = 0;
  for (let at = from; at !== NONE; at = before(units, at, reading)) {
    const code = codeAt(units, at, reading);
    if (code === 0) {
      zeros += 1;
      if (zeros > MOST_ZEROS) break;
    } else {
      if (!known.holdsChar(code) || (far !== 0 && !known.holdsBlock(code, near, far))) break;
      zeros = 0;
      far = near;
      near = code;
    }
    start = at;
  }
  if (start === NONE || start === from) return undefined;
  zeros = 0;
  near = 0;
  far = 0;
  let length = 0;
  let end = start;
  for (let at = start; at !== NONE; at = after(units, end, reading)) {
    const code = codeAt(units, at, reading);
    if (code === 0) {
      zeros += 1;
      if (zeros > MOST_ZEROS) break;
    } else {
      if (!known.holdsChar(code) || (far !== 0 && !known.holdsBlock(far, near, code))) break;
      zeros = 0;
      far = near;
      near = code;
      length += 1;
    }
    end = endAt(units, at, reading);
  }
  return { start, end, length, reading };
}

function noteRow(text: string, units: Units, { start, end, reading }: Row, shown: Shown): void {
  const { starts, ends } = shown;
  const mark = starts.length;
  // The marks before and behind the row have no place of their own.
  starts.push(0);
  ends.push(0);
  let chars = '';
  for (let at = start, next = start; next < end && at !== NONE;) {
    const code = codeAt(units, at, reading);
    next = endAt(units, at, reading);
    if (code !== 0) {
      chars += String.fromCharCode(code);
      starts.push((reading === PAIRS && isPrefix(units, at - 2) ? at - 2 : at) - PAD);
      ends.push(next - PAD);
    }
    at = after(units, next, reading);
  }
  const first = starts[mark + 1] as number;
  const last = ends.at(-1) as number;
  starts[mark] = first;
  ends[mark] = first;
  starts.push(last);
  ends.push(last);
  CUT_AFTER.lastIndex = last;
  const sign = CUT_BEFORE.test(text.slice(Math.max(0, first - 5), first)) ? '…' : '"';
  shown.text += `${sign}${chars}${CUT_AFTER.test(text) ? '…' : '"'}`;
}
