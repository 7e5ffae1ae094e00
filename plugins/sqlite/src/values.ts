import type { JsonValue } from '@automate/sdk';
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { Parameter } from '@automate/sql';
import { bytesValue, floatValue, integerValue, readParameter, wrongInput } from '@automate/sql';

const LARGEST_INTEGER = 2n ** 63n;

/** A parameter as SQLite takes it. */
export function toSqlite(given: Parameter, index: number): SQLInputValue {
  const parameter = readParameter(given);
  switch (parameter.kind) {
    case 'null':
      return null;
    case 'integer':
      return toInteger(parameter.text, index);
    case 'bytes':
      return parameter.bytes;
    case 'list':
      return JSON.stringify(parameter.values);
    case 'json':
      return parameter.text;
    default:
      return toScalar(parameter.value);
  }
}

function toScalar(value: string | number | boolean): SQLInputValue {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  // A number is bound as REAL whatever its value; whole ones are meant as INTEGER.
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
}

/** A value of a result as JSON: whole numbers beyond 2^53 and infinities become text, bytes base64. */
export function fromSqlite(value: SQLOutputValue): JsonValue {
  if (typeof value === 'bigint') return integerValue(String(value));
  if (typeof value === 'number') return floatValue(String(value));
  return value === null || typeof value === 'string' ? value : bytesValue(value);
}

function toInteger(text: string, index: number): bigint {
  const value = BigInt(text);
  if (value >= -LARGEST_INTEGER && value < LARGEST_INTEGER) return value;
  throw wrongInput({ path: `params[${index}]`, expected: 'a whole number of 64 bits', received: text });
}
