import type { JsonValue } from '@automate/sdk';
import type { Parameter } from './schemas.ts';
import { parseParameter } from './schemas.ts';
import { wrongInput } from './wrong-input.ts';

/** Where a listing goes on, as text that callers hand back as they got it. */
export function toCursor(position: readonly JsonValue[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * The position that a cursor stands for.
 *
 * @throws InvalidInputError for a text that is no cursor of so many values.
 */
export function fromCursor(cursor: string, length: number): Parameter[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(value) && value.length === length) return value.map((each) => parseParameter(each, 'cursor'));
  } catch {
    // Not JSON, so not one of ours: refused below like any other.
  }
  throw wrongInput({ path: 'cursor', expected: 'the next_cursor of an earlier answer', reason: 'cursor' });
}
