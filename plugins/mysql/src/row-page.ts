import { InvalidInputError } from '@automate/sdk';
import type { JsonValue } from '@automate/sdk';
import { MAX_RESULT_BYTES } from './limits.ts';

export interface Page {
  readonly limit: number;
  readonly offset: number;
}

type Row = Record<string, JsonValue>;

/** Rows gathered up to a limit in number and in size. */
export interface RowPage {
  /** Takes the next row. False: it did not fit, and no other will. */
  add(values: readonly JsonValue[]): boolean;
  readonly rows: Row[];
  readonly truncated: boolean;
}

/** Gathers one page of a result whose columns have these names. */
export function createRowPage(names: readonly string[], { limit, offset }: Page): RowPage {
  const rows: Row[] = [];
  let seen = 0;
  let bytes = 0;
  let truncated = false;
  return {
    rows,
    get truncated() {
      return truncated;
    },
    add(values) {
      seen += 1;
      if (seen <= offset) return true;
      const row = Object.fromEntries(names.map((name, index) => [name, values[index] ?? null]));
      const size = Buffer.byteLength(JSON.stringify(row)) + 1;
      if (size > MAX_RESULT_BYTES) throw tooLarge(seen, size);
      truncated = rows.length === limit || bytes + size > MAX_RESULT_BYTES;
      if (truncated) return false;
      bytes += size;
      rows.push(row);
      return true;
    },
  };
}

/** The columns' names, each once: a second `id` is `id_2`. */
export function uniqueNames(names: readonly string[]): string[] {
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

function tooLarge(row: number, size: number): InvalidInputError {
  return new InvalidInputError(
    `row ${row} of the result has ${size} bytes as JSON; at most ${MAX_RESULT_BYTES} are sent; select fewer or shorter columns`,
    { details: { reason: 'row_too_large' } },
  );
}
