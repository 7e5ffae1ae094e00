import type { Category } from '@automate/sql';

/** What is known of a type of a server. */
export interface PostgresType {
  readonly name: string;
  /** Of an array: the number of its elements' type. */
  readonly element?: number;
  /** Of a domain: the number of the type that it is made of. */
  readonly base?: number;
}

export type Types = ReadonlyMap<number, PostgresType>;

/** Numbers of the types that every server has, each with that of its array. */
const NUMBERS: Readonly<Record<string, readonly [own: number, array: number]>> = {
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
};

export const BUILTIN: Types = new Map(
  Object.entries(NUMBERS).flatMap(([name, [own, array]]): [number, PostgresType][] => [
    [own, { name }],
    [array, { name: `_${name}`, element: own }],
  ]),
);

const CATEGORIES: Readonly<Record<string, Category>> = {
  bool: 'boolean',
  bytea: 'bytes',
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  oid: 'integer',
  numeric: 'decimal',
  float4: 'float',
  float8: 'float',
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  name: 'text',
  json: 'json',
  jsonb: 'json',
  date: 'date',
  time: 'time',
  timetz: 'time',
  timestamp: 'datetime',
  timestamptz: 'timestamp',
  interval: 'interval',
  uuid: 'uuid',
};

export function categoryOf({ name, element }: PostgresType): Category {
  return element === undefined ? (CATEGORIES[name] ?? 'other') : 'array';
}

/** Types by number, with those that their arrays and domains are made of. */
export const TYPES_BY_NUMBER = `
  WITH RECURSIVE wanted(oid) AS (
    SELECT unnest($1::pg_catalog.oid[])
    UNION SELECT m.oid FROM wanted w JOIN pg_catalog.pg_type t ON t.oid = w.oid
      CROSS JOIN LATERAL (VALUES (t.typelem), (t.typbasetype)) m(oid) WHERE m.oid <> 0)
  SELECT t.oid::text, t.typname AS name, e.oid::text AS element, nullif(t.typbasetype, 0)::text AS base
  FROM wanted w JOIN pg_catalog.pg_type t ON t.oid = w.oid
    LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid`;
