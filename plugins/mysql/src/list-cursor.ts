import { InvalidInputError, isJsonObject } from '@automate/sdk';

/** The last table of a page. */
export interface Position {
  readonly schema: string;
  readonly name: string;
}

/** Where a listing goes on, as text that callers hand back as they got it. */
export function toCursor({ schema, name }: Position): string {
  return Buffer.from(JSON.stringify({ schema, name })).toString('base64url');
}

/** The table that a cursor stands for; without a cursor what is before every table. */
export function fromCursor(cursor: string | undefined): Position {
  if (cursor === undefined) return { schema: '', name: '' };
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (isJsonObject(value)) {
      const { schema, name } = value;
      if (typeof schema === 'string' && typeof name === 'string') return { schema, name };
    }
  } catch {
    // Not JSON, so not one of ours: refused below like any other.
  }
  throw new InvalidInputError('cursor: expected the next_cursor of an earlier answer', {
    problems: [{ path: 'cursor', expected: 'the next_cursor of an earlier answer', received: 'another text' }],
  });
}
