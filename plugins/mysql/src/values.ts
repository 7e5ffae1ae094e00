import { isJsonObject } from '@automate/sdk';
import type { JsonValue } from '@automate/sdk';
import type { Category, Parameter } from '@automate/sql';
import { bytesValue, integerValue, readParameter } from '@automate/sql';

/** A column of a result, as the driver describes it. */
export interface Field {
  readonly name: string;
  /** The number of its type in the protocol. */
  readonly columnType: number;
  /** 63: bytes. */
  readonly characterSet: number;
  readonly flags: number;
}

const TIMESTAMP = 7;
const DATETIME = 12;
const BINARY = 63;

/** Types by their numbers in the protocol, as definitions write them. */
const NAMES: Readonly<Record<number, string>> = {
  0: 'decimal',
  1: 'tinyint',
  2: 'smallint',
  3: 'int',
  4: 'float',
  5: 'double',
  6: 'null',
  7: 'timestamp',
  8: 'bigint',
  9: 'mediumint',
  10: 'date',
  11: 'time',
  12: 'datetime',
  13: 'year',
  15: 'varchar',
  16: 'bit',
  242: 'vector',
  245: 'json',
  246: 'decimal',
  247: 'enum',
  248: 'set',
  249: 'text',
  250: 'text',
  251: 'text',
  252: 'text',
  253: 'varchar',
  254: 'char',
  255: 'geometry',
};
const BYTES: Readonly<Record<string, string>> = { text: 'blob', varchar: 'varbinary', char: 'binary' };

/** A type's name. */
export function typeName({ columnType, characterSet }: Field): string {
  const name = NAMES[columnType] ?? `type ${columnType}`;
  return characterSet === BINARY ? (BYTES[name] ?? name) : name;
}

const CATEGORIES: Readonly<Record<string, Category>> = {
  decimal: 'decimal',
  tinyint: 'integer',
  smallint: 'integer',
  mediumint: 'integer',
  int: 'integer',
  bigint: 'integer',
  year: 'integer',
  float: 'float',
  double: 'float',
  timestamp: 'timestamp',
  datetime: 'datetime',
  date: 'date',
  time: 'time',
  json: 'json',
  bit: 'bytes',
  blob: 'bytes',
  varbinary: 'bytes',
  binary: 'bytes',
  varchar: 'text',
  char: 'text',
  text: 'text',
  enum: 'text',
  set: 'text',
};

export function categoryOf(field: Field): Category {
  return CATEGORIES[typeName(field)] ?? 'other';
}

/** A parameter as the driver takes it. */
export function toMysql(given: Parameter): string | number | boolean | Buffer | null {
  const parameter = readParameter(given);
  switch (parameter.kind) {
    case 'null':
      return null;
    case 'bytes':
      return parameter.bytes;
    case 'integer':
    case 'json':
      return parameter.text;
    case 'list':
      return JSON.stringify(parameter.values);
    default: {
      // The driver sends every number as a floating point one, which LIMIT and exact columns do not take alike.
      const { value } = parameter;
      return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
    }
  }
}

/** A value of a result as JSON: times in ISO 8601, bytes as base64; large numbers come from the driver as text. */
export function fromMysql(value: unknown, field: Field): JsonValue {
  if (Buffer.isBuffer(value)) return bytesValue(value);
  if (typeof value === 'string' && (field.columnType === TIMESTAMP || field.columnType === DATETIME))
    // The session's time zone is UTC; a DATETIME has none.
    return `${value.replace(' ', 'T')}${field.columnType === TIMESTAMP ? 'Z' : ''}`;
  if (typeof value === 'bigint' || (typeof value === 'string' && categoryOf(field) === 'integer'))
    return integerValue(String(value));
  if (Array.isArray(value) || isJsonObject(value)) return value;
  return value as string | number | boolean | null;
}
