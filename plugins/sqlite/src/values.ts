import type { JsonValue } from '@automate/sdk';
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { Parameter } from '@automate/sql';
import { bytesValue, floatValue, integerValue, plainValue, wrongInput } from '@automate/sql';

const LARGEST_INTEGER = 2n ** 63n;

/** A parameter as SQLite takes it. */
export function toSqlite(given: Parameter, index: number): SQLInputValue {
  // A number is bound as REAL whatever its value; whole ones are meant as INTEGER.
  const value = plainValue(given, (integer) => checkInteger(integer, index));
  return typeof value === 'boolean' ? BigInt(value) : value;
}

/** A value of a result as JSON: whole numbers beyond 2^53 and infinities become text, bytes base64. */
export function fromSqlite(value: SQLOutputValue): JsonValue {
  if (typeof value === 'bigint') return integerValue(String(value));
  if (typeof value === 'number') return floatValue(String(value));
  return value === null || typeof value === 'string' ? value : bytesValue(value);
}

function checkInteger(value: bigint, index: number): bigint {
  if (value >= -LARGEST_INTEGER && value < LARGEST_INTEGER) return value;
  throw wrongInput({ path: `params[${index}]`, expected: 'a whole number of 64 bits', received: `${value}` });
}
