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

/** The types that every server has: their names, numbers, the numbers of their arrays, and what their values are. */
const KNOWN: readonly (readonly [name: string, own: number, array: number, category: Category])[] = [
  ['bool', 16, 1000, 'boolean'],
  ['bytea', 17, 1001, 'bytes'],
  ['name', 19, 1003, 'text'],
  ['int8', 20, 1016, 'integer'],
  ['int2', 21, 1005, 'integer'],
  ['int4', 23, 1007, 'integer'],
  ['text', 25, 1009, 'text'],
  ['oid', 26, 1028, 'integer'],
  ['json', 114, 199, 'json'],
  ['float4', 700, 1021, 'float'],
  ['float8', 701, 1022, 'float'],
  ['bpchar', 1042, 1014, 'text'],
  ['varchar', 1043, 1015, 'text'],
  ['date', 1082, 1182, 'date'],
  ['time', 1083, 1183, 'time'],
  ['timestamp', 1114, 1115, 'datetime'],
  ['timestamptz', 1184, 1185, 'timestamp'],
  ['interval', 1186, 1187, 'interval'],
  ['timetz', 1266, 1270, 'time'],
  ['numeric', 1700, 1231, 'decimal'],
  ['uuid', 2950, 2951, 'uuid'],
  ['jsonb', 3802, 3807, 'json'],
];

export const BUILTIN: Types = new Map(
  KNOWN.flatMap(([name, own, array]): [number, PostgresType][] => [
    [own, { name }],
    [array, { name: `_${name}`, element: own }],
  ]),
);

const CATEGORIES: ReadonlyMap<string, Category> = new Map(KNOWN.map(([name, , , category]) => [name, category]));

export function categoryOf({ name, element }: PostgresType): Category {
  return element === undefined ? (CATEGORIES.get(name) ?? 'other') : 'array';
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
