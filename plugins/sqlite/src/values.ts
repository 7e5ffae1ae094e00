import { InvalidInputError } from '@automate/sdk';
import type { JsonValue } from '@automate/sdk';
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { MAX_VALUE_BYTES } from './limits.ts';
import type { Parameter } from './schemas.ts';

const LARGEST_INTEGER = 2n ** 63n;

/** A parameter as SQLite takes it. */
export function toSqlite(value: Parameter, index: number): SQLInputValue {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  // A number is bound as REAL whatever its value; whole ones are meant as INTEGER.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if ('integer' in value) return toInteger(value.integer, index);
  const bytes = Buffer.from(value.base64, 'base64');
  if (bytes.length > MAX_VALUE_BYTES)
    throw wrongParameter(index, `at most ${MAX_VALUE_BYTES} bytes`, `${bytes.length}`);
  return bytes;
}

/**
 * A value of a result as JSON: whole numbers beyond 2^53 and infinities become text, bytes base64.
 *
 * @throws InvalidInputError for bytes beyond the limit.
 */
export function fromSqlite(value: SQLOutputValue, column: string): JsonValue {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value === null || typeof value === 'string') return value;
  if (value.byteLength <= MAX_VALUE_BYTES) return { base64: Buffer.from(value).toString('base64') };
  throw new InvalidInputError(
    `column "${column}" has ${value.byteLength} bytes; at most ${MAX_VALUE_BYTES} are sent; select parts of it with substr()`,
    { details: { reason: 'value_too_large', column } },
  );
}

function toInteger(text: string, index: number): bigint {
  const value = BigInt(text);
  if (value >= -LARGEST_INTEGER && value < LARGEST_INTEGER) return value;
  throw wrongParameter(index, 'a whole number of 64 bits', text);
}

function wrongParameter(index: number, expected: string, received: string): InvalidInputError {
  const path = `params[${index}]`;
  return new InvalidInputError(`${path}: expected ${expected}, received ${received}`, {
    problems: [{ path, expected, received }],
  });
}
