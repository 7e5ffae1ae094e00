import { InvalidInputError } from '@automate/sdk';
import type { JsonValue } from '@automate/sdk';
import pg from 'pg';
import { MAX_VALUE_BYTES } from './limits.ts';
import type { Parameter } from './schemas.ts';

type Parse = (text: string) => JsonValue;

/** Types by the names that PostgreSQL gives them, and how their text is read. All others stay text. */
const PARSERS: Readonly<Record<string, Parse>> = {
  bool: (text) => text === 't',
  int2: Number,
  int4: Number,
  oid: Number,
  float4: toFloat,
  float8: toFloat,
  bytea: toBytes,
  json: (text) => JSON.parse(text) as JsonValue,
  jsonb: (text) => JSON.parse(text) as JsonValue,
  timestamp: (text) => text.replace(' ', 'T'),
  // The session's time zone is UTC.
  timestamptz: (text) => text.replace(' ', 'T').replace(/\+00$/, 'Z'),
};

/** Numbers of the types above and of what is often met beside them, in every server. */
const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries({
    bool: [16, 1000],
    bytea: [17, 1001],
    int8: [20, 1016],
    int2: [21, 1005],
    int4: [23, 1007],
    text: [25, 1009],
    oid: [26, 1028],
    json: [114, 199],
    float4: [700, 1021],
    float8: [701, 1022],
    bpchar: [1042, 1014],
    varchar: [1043, 1015],
    date: [1082, 1182],
    time: [1083, 1183],
    timestamp: [1114, 1115],
    timestamptz: [1184, 1185],
    interval: [1186, 1187],
    timetz: [1266, 1270],
    numeric: [1700, 1231],
    uuid: [2950, 2951],
    jsonb: [3802, 3807],
  }).flatMap(([name, [own, array]]): [number, string][] => [
    [own ?? 0, name],
    [array ?? 0, `_${name}`],
  ]),
);

/** The name of a type that every server has, by its number. */
export function builtinName(oid: number): string | undefined {
  return NAMES.get(oid);
}

/** A parameter as the driver takes it. */
export function toPostgres(value: Parameter): unknown {
  if (Array.isArray(value)) return value.map(toPostgres);
  if (typeof value !== 'object' || value === null) return value;
  return 'base64' in value ? Buffer.from(value.base64, 'base64') : JSON.stringify(value.json);
}

/** Leaves values as the server wrote them, for `fromPostgres`: a parser that throws would bring the driver down. */
export const rawValues = { getTypeParser: () => (text: string) => text };

/**
 * A value of a result as JSON: large numbers and what JSON lacks as text, times in ISO 8601, bytes as base64.
 *
 * @throws InvalidInputError for bytes beyond the limit.
 */
export function fromPostgres(text: string | null, oid: number): JsonValue {
  return text === null ? null : parserOf(oid)(text);
}

function parserOf(oid: number): Parse {
  const name = NAMES.get(oid) ?? '';
  if (!name.startsWith('_')) return PARSERS[name] ?? keepText;
  const element = PARSERS[name.slice(1)] ?? keepText;
  return (text) => arrayParser.create(text, element).parse();
}

/** The driver's published types describe it otherwise than it is. */
const arrayParser = pg.types.arrayParser as unknown as {
  create(text: string, parse: Parse): { parse(): JsonValue };
};

const keepText: Parse = (text) => text;

/** JSON has neither NaN nor infinity. */
function toFloat(text: string): JsonValue {
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}

function toBytes(text: string): JsonValue {
  const size = (text.length - 2) / 2;
  if (size <= MAX_VALUE_BYTES) return { base64: Buffer.from(text.slice(2), 'hex').toString('base64') };
  throw new InvalidInputError(
    `a value of type bytea has ${size} bytes; at most ${MAX_VALUE_BYTES} are sent; select parts of it with substring()`,
    { details: { reason: 'value_too_large' } },
  );
}
