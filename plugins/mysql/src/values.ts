import type { JsonValue } from '@automate/sdk';
import { bytesValue, integerValue, jsonValue, plainValue, wrongInput } from '@automate/sql';
import type { Category, Column, Parameter } from '@automate/sql';
import mysql from 'mysql2';
import type { TimeZone } from './time-zone.ts';
import { toInstant } from './time-zone.ts';

/** A column of a result, as the driver describes it. */
export interface Field {
  readonly name: string;
  /** The number of its type in the protocol. */
  readonly columnType: number;
  /** What else the server says of it, a bit each. */
  readonly flags: number;
  /** 63: bytes. */
  readonly characterSet: number;
  /** What MariaDB says of types that it sends as others: `uuid`, `inet6`. */
  readonly extendedTypeName?: string;
  /** `json` for MariaDB's JSON, which is text. */
  readonly extendedFormat?: string;
}

const BINARY = 63;
/** The server sends both as texts. */
const ENUM_FLAG = 256;
const SET_FLAG = 2048;

/** Types by their numbers in the protocol, as definitions write them, and what their values are. */
const TYPES: Readonly<Record<number, readonly [string, Category]>> = {
  0: ['decimal', 'decimal'],
  1: ['tinyint', 'integer'],
  2: ['smallint', 'integer'],
  3: ['int', 'integer'],
  4: ['float', 'float'],
  5: ['double', 'float'],
  6: ['null', 'other'],
  7: ['timestamp', 'timestamp'],
  8: ['bigint', 'integer'],
  9: ['mediumint', 'integer'],
  10: ['date', 'date'],
  11: ['time', 'time'],
  12: ['datetime', 'datetime'],
  13: ['year', 'integer'],
  15: ['varchar', 'text'],
  16: ['bit', 'bytes'],
  242: ['vector', 'array'],
  245: ['json', 'json'],
  246: ['decimal', 'decimal'],
  247: ['enum', 'text'],
  248: ['set', 'text'],
  249: ['text', 'text'],
  250: ['text', 'text'],
  251: ['text', 'text'],
  252: ['text', 'text'],
  253: ['varchar', 'text'],
  254: ['char', 'text'],
  255: ['geometry', 'bytes'],
};
const BYTES: Readonly<Record<string, string>> = { text: 'blob', varchar: 'varbinary', char: 'binary' };
/** MariaDB's own types. */
const EXTENDED: Readonly<Record<string, Category>> = { uuid: 'uuid', inet4: 'text', inet6: 'text' };

/** A column as answers describe it. */
export function toColumn({
  name,
  columnType,
  flags,
  characterSet,
  extendedTypeName = '',
  extendedFormat,
}: Field): Column {
  if ((flags & (ENUM_FLAG | SET_FLAG)) !== 0)
    return { name, type: (flags & SET_FLAG) === 0 ? 'enum' : 'set', category: 'text' };
  if (extendedFormat === 'json') return { name, type: 'json', category: 'json' };
  const extended = EXTENDED[extendedTypeName];
  if (extended !== undefined) return { name, type: extendedTypeName, category: extended };
  const [type, category] = TYPES[columnType] ?? [`type ${columnType}`, 'other'];
  const bytes = characterSet === BINARY ? BYTES[type] : undefined;
  return bytes === undefined ? { name, type, category } : { name, type: bytes, category: 'bytes' };
}

/**
 * A parameter as the driver takes it.
 *
 * @throws InvalidInputError for a whole number that no column of MySQL holds.
 */
export const toMysql = (given: Parameter): unknown => plainValue(given, toBigint);

/** Untyped, the driver sends every number as a floating point one. */
function toBigint(value: bigint): unknown {
  if (BigInt.asIntN(64, value) === value) return mysql.TypedParameter.BIGINT(value);
  if (BigInt.asUintN(64, value) === value) return mysql.TypedParameter.BIGINT.unsigned(value);
  const expected = 'a whole number of at most 64 bits; send a larger one as text';
  throw wrongInput({ path: 'params', expected, received: String(value) });
}

/** Reads the values of a column as JSON. */
export function readerOf({ category, type }: Column, zone: TimeZone): (value: unknown) => JsonValue {
  return (value) => {
    if (value === null || value === undefined) return null;
    if (Buffer.isBuffer(value)) return bytesValue(value);
    if (typeof value === 'number') return type === 'float' ? shortest(value) : value;
    if (typeof value !== 'string') return value as JsonValue;
    switch (category) {
      case 'integer':
        return integerValue(value);
      case 'json':
        return parseJsonColumn(value);
      case 'timestamp':
        return toInstant(zone, value);
      case 'datetime':
        return value.replace(' ', 'T');
      default:
        return value;
    }
  };
}

/** The shortest number that is the same in single precision: 1.1, where the driver gives 1.100000023841858. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** MariaDB checks what it stores as JSON only where the column has its own check still. */
function parseJsonColumn(text: string): JsonValue {
  try {
    return jsonValue(text);
  } catch {
    return text;
  }
}
