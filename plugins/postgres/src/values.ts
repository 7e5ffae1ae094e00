import type { JsonValue } from '@automate/sdk';
import type { InvalidInputError } from '@automate/sdk';
import type { Category, Parameter } from '@automate/sql';
import {
  bytesValue,
  floatValue,
  integerValue,
  JsonText,
  jsonValue,
  parseParameter,
  readParameter,
  wrongInput,
} from '@automate/sql';
import pg from 'pg';
import type { PostgresType, Types } from './types.ts';
import { categoryOf } from './types.ts';

type Decode = (text: string) => JsonValue;

/** How the texts of values are read. All others stay text. */
const DECODERS: Readonly<Partial<Record<Category, Decode>>> = {
  boolean: (text) => text === 't',
  integer: integerValue,
  float: floatValue,
  bytes: (text) => bytesValue(toBytes(text)),
  json: jsonValue,
  datetime: toIso,
  timestamp: toIso,
  // With the whole of its zone, where it has one.
  time: (text) => text.replace(/[+-]\d\d$/, '$&:00'),
};

/**
 * A value of a result as JSON: large numbers and what JSON lacks as text, times in ISO 8601, bytes as base64. Arrays of
 * any type are lists.
 */
export function decodeValue(text: string | null, type: number, types: Types): JsonValue {
  return text === null ? null : decoderOf(type, types)(text);
}

function decoderOf(oid: number, types: Types): Decode {
  const type = postgresType(oid, types);
  const { element } = type;
  if (element === undefined) return DECODERS[categoryOf(type)] ?? String;
  // Boxes alone are not parted by commas.
  if (postgresType(element, types).name === 'box') return (text) => text;
  const each = decoderOf(element, types);
  // With bounds of its own (`[0:1]={1,2}`) it is no list.
  return (text) => (text.startsWith('[') ? text : arrayParser.create(text, each).parse());
}

/** A type by its number; of a domain the one that it is made of. */
function postgresType(oid: number, types: Types): PostgresType {
  return baseOf(types.get(oid) ?? { name: `oid ${oid}` }, types);
}

function baseOf(type: PostgresType, types: Types): PostgresType {
  return type.base === undefined ? type : postgresType(type.base, types);
}

/** The driver's published types describe it otherwise than it is. */
const arrayParser = pg.types.arrayParser as unknown as {
  create(text: string, decode: Decode): { parse(): JsonValue };
};

/** `2026-01-02 03:04:05.6+02` → `2026-01-02T03:04:05.6+02:00`. Infinity and years before Christ stay as they are. */
function toIso(text: string): string {
  const [, date, time, sign, hours, minutes, seconds] =
    /^(\d{4,}-\d\d-\d\d) ([\d:.]+)(?:([+-])(\d\d)(:\d\d)?(:\d\d)?)?$/.exec(text) ?? [];
  if (date === undefined || time === undefined) return text;
  if (sign === undefined) return `${date}T${time}`;
  if (seconds !== undefined) return inUtc(text);
  const offset = hours === '00' && minutes === undefined ? 'Z' : `${sign}${hours}${minutes ?? ':00'}`;
  return `${date}T${time}${offset}`;
}

/** Before there were zones clocks were ahead of UTC by odd seconds, which ISO 8601 cannot write. */
function inUtc(text: string): string {
  const [, local = '', fraction = '', sign = '', hours, minutes, seconds] =
    /^(.{19})(\.\d+)?([+-])(\d\d):(\d\d):(\d\d)$/.exec(text) ?? [];
  const ahead = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  const moment = new Date(Date.parse(`${local.replace(' ', 'T')}Z`) - Number(`${sign}${ahead}`) * 1000);
  return local.startsWith('0000') || Number.isNaN(moment.getTime())
    ? text
    : `${moment.toISOString().slice(0, 19)}${fraction}Z`;
}

/** Servers write bytes in one of two ways. */
function toBytes(text: string): Buffer {
  if (text.startsWith('\\x')) return Buffer.from(text.slice(2), 'hex');
  const plain = text.replaceAll(/\\(?:(\d{3})|\\)/g, (_all, octal?: string) =>
    octal === undefined ? '\\' : String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(plain, 'latin1');
}

/**
 * A parameter as the protocol takes it, by the type that the server wants in its place.
 *
 * @throws InvalidInputError where no value of that type can be made of it.
 */
export function encodeParameter(
  given: Parameter,
  path: string,
  type: PostgresType,
  types: Types,
): string | Buffer | null {
  const base = baseOf(type, types);
  const value = readParameter(given);
  const isJson = isJsonType(base);
  if (value === null) return null;
  if (Buffer.isBuffer(value)) {
    if (TAKES_BYTES.has(base.name)) return value;
    throw wrong(path, base, 'bytes');
  }
  if (value instanceof JsonText) {
    if (isJson || value.marked) return value.text;
    throw wrong(path, base, 'an object; objects are for json and jsonb, and as {"json": …} for other types\' text');
  }
  // For JSON a text is taken for the JSON itself.
  if (typeof value !== 'object') return Object.is(value, -0) ? '-0' : String(value);
  if (isJson) return JSON.stringify(value);
  if (base.element !== undefined) return toArray(value, path, base.element, types);
  throw wrong(path, base, 'a list; lists are for arrays, json and jsonb');
}

const TAKES_BYTES: ReadonlySet<string> = new Set(['bytea', 'text', 'varchar', 'bpchar']);

const isJsonType = ({ name }: PostgresType): boolean => name === 'json' || name === 'jsonb';

function toArray(list: readonly unknown[], path: string, element: number, types: Types): string {
  const type = postgresType(element, types);
  const parts = list.map((given, index): string => {
    const place = `${path}[${index}]`;
    const value = parseParameter(given, place);
    // A list within a list is a further dimension.
    if (Array.isArray(value) && !isJsonType(type)) return toArray(value, place, element, types);
    const encoded = encodeParameter(value, place, type, types);
    if (encoded === null) return 'NULL';
    const text = Buffer.isBuffer(encoded) ? `\\x${encoded.toString('hex')}` : encoded;
    return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
  });
  return `{${parts.join(type.name === 'box' ? ';' : ',')}}`;
}

function wrong(path: string, { name }: PostgresType, received: string): InvalidInputError {
  return wrongInput({ path, expected: `a value of type ${name}`, received });
}
