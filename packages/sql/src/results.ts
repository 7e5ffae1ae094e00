import { InvalidInputError } from '@automate/sdk';
import type { JsonValue } from '@automate/sdk';
import { MAX_RESULT_BYTES } from './limits.ts';
import type { Column, ResultSet, Row } from './result-schemas.ts';

/** How much room the answer of one call still has, in bytes of JSON. Its statements share it. */
export interface Room {
  bytes: number;
}

export function createRoom(): Room {
  return { bytes: MAX_RESULT_BYTES };
}

/** Which rows of a result are kept. */
export interface Page {
  readonly limit: number;
  readonly offset: number;
  readonly room: Room;
  /**
   * What becomes of a single row that is larger than the room: a statement that only read is refused; of one that
   * changed something the large values are cut, as it cannot be asked again.
   */
  readonly tooLarge: 'refuse' | 'cut';
}

/** Rows gathered up to a limit in number and in size. */
export interface RowPage {
  /** Takes the next row, of which the values are read only if the page has it. */
  add(read: () => readonly JsonValue[]): void;
  /** Whether a row did not fit: no other will. */
  readonly isFull: boolean;
  result(): ResultSet;
}

/** Values below this size, in bytes of JSON, are never cut. */
const SMALL = 1000;

/** Gathers one page of a result. A column name that occurs twice gets a number: `id`, `id_2`. */
export function createRowPage(given: readonly Column[], { limit, offset, room, tooLarge }: Page): RowPage {
  const names = uniqueNames(given.map(({ name }) => name));
  const all = given.map((column, index) => ({ ...column, name: names[index] ?? '' }));
  const fits = sizeOf(all) <= room.bytes;
  if (!fits && tooLarge === 'refuse') throw columnsTooLarge(sizeOf(all));
  const columns = fits ? all : [];
  const rows: Row[] = [];
  let seen = 0;
  let truncated = !fits;
  room.bytes -= sizeOf(columns);
  const take = (row: Row, size: number): void => {
    truncated ||= rows.length === limit || size > room.bytes;
    if (truncated) return;
    room.bytes -= size;
    rows.push(row);
  };
  return {
    get isFull() {
      return truncated;
    },
    add(read) {
      if (truncated) return;
      seen += 1;
      if (seen <= offset) return;
      const row = toRow(names, read());
      const size = sizeOf(row) + 1;
      if (tooLarge === 'refuse' && size > MAX_RESULT_BYTES) throw rowTooLarge(row, seen, size);
      const kept = tooLarge === 'refuse' || size <= room.bytes || rows.length > 0 ? row : cutLarge(row);
      take(kept, sizeOf(kept) + 1);
    },
    result: () => ({ columns, rows, row_count: rows.length, truncated }),
  };
}

function toRow(names: readonly string[], values: readonly JsonValue[]): Row {
  const row = Object.create(null) as Row;
  for (const [index, name] of names.entries()) row[name] = values[index] ?? null;
  return row;
}

/** Puts the size in bytes of JSON in the place of each large value. */
function cutLarge(row: Row): Row {
  const names = Object.keys(row);
  return toRow(
    names,
    names.map((name) => {
      const value = row[name] ?? null;
      const size = sizeOf(value);
      return size > SMALL ? { truncated: size } : value;
    }),
  );
}

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set(names);
  const used = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let number = 2; used.has(unique) || (unique !== name && taken.has(unique)); number += 1)
      unique = `${name}_${number}`;
    used.add(unique);
    return unique;
  });
}

function columnsTooLarge(size: number): InvalidInputError {
  return new InvalidInputError(
    `the columns of the result have ${size} bytes as JSON without a row; at most ${MAX_RESULT_BYTES} are sent; select fewer columns, or by shorter names`,
    { details: { reason: 'row_too_large' } },
  );
}

function rowTooLarge(row: Row, number: number, size: number): InvalidInputError {
  const sizes = Object.entries(row).map(([column, value]) => ({ column, bytes: sizeOf(value) }));
  const largest = sizes.toSorted((a, b) => b.bytes - a.bytes)[0] ?? { column: '', bytes: 0 };
  return new InvalidInputError(
    `row ${number} of the result has ${size} bytes as JSON, ${largest.bytes} of them in column "${largest.column}"; at most ${MAX_RESULT_BYTES} are sent; select fewer columns or parts of them with substring()`,
    { details: { reason: 'row_too_large', column: largest.column } },
  );
}
