import { InvalidInputError } from '@automate/sdk';

/** Where a listing goes on, as text that callers hand back as they got it. */
export function toCursor(name: string): string {
  return Buffer.from(name).toString('base64url');
}

/** The name that a cursor stands for; empty without a cursor, which is before every name. */
export function fromCursor(cursor: string | undefined): string {
  if (cursor === undefined) return '';
  const name = Buffer.from(cursor, 'base64url').toString();
  if (toCursor(name) === cursor) return name;
  throw new InvalidInputError('cursor: expected the next_cursor of an earlier answer', {
    problems: [{ path: 'cursor', expected: 'the next_cursor of an earlier answer', received: 'another text' }],
  });
}
