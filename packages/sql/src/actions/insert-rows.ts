import { action, isJsonObject } from '@automate/sdk';
import type { CallContext, InvalidInputError, JsonObject } from '@automate/sdk';
import { z } from 'zod';
import type { Database } from '../database.ts';
import type { TableName, Traits } from '../dialect.ts';
import { createRoom } from '../results.ts';
import type { Parameter } from '../schemas.ts';
import { nameSchema, parseParameter } from '../schemas.ts';
import type { TableDescription } from '../table-schemas.ts';
import { wrongInput } from '../wrong-input.ts';

const MAX_INSERTED = 10_000;
/** Rows of one statement: more of them make it no faster. */
const BATCH = 500;

const isNames = (keys: readonly string[]): boolean =>
  keys.length > 0 && keys.every((key) => nameSchema.safeParse(key).success);

const rowInput = z
  .unknown()
  .refine((value): value is JsonObject => isJsonObject(value) && isNames(Object.keys(value)), {
    error: 'an object with a value for at least one column, by its name',
  })
  .meta({ type: 'object' });

const tableInput = (traits: Traits) => ({
  table: nameSchema.describe('Its name alone'),
  schema: nameSchema.optional().describe(`${traits.schema}. Default: where statements look first`),
  rows: z
    .array(rowInput)
    .min(1)
    .max(MAX_INSERTED)
    .describe('Values by column, written as parameters are; a column that a row leaves out gets its default'),
});
const output = z.object({ rows_affected: z.int().describe('As the database counts them') });

/** Many new rows at once. */
export const insertRows = (traits: Traits, use: () => Database) =>
  action({
    description: 'Inserts rows into a table, in batches and in one transaction: all of them, or none.',
    input: z.strictObject(tableInput(traits)),
    output,
    sideEffects: true,
    idempotent: false,
    run: ({ rows, ...name }, call) => insert(use(), call, { name, rows: rows.map(toValues) }),
  });

/** Many rows at once, of which some may be there. */
export const upsertRows = (traits: Traits, use: () => Database) =>
  action({
    description:
      'Inserts rows into a table, or updates those whose key is there, in batches and in one transaction: all of them, or none.',
    input: z.strictObject({
      ...tableInput(traits),
      key: z
        .array(nameSchema)
        .min(1)
        .describe('Columns of a primary key or a unique constraint, which tell whether a row is there'),
    }),
    output,
    sideEffects: true,
    idempotent: false,
    run({ rows: given, key, ...name }, call) {
      const rows = given.map(toValues);
      const wanted = `a value for each column of the key (${key.join(', ')})`;
      const same = 'the same columns in each row, as one that is left out would be unclear in a row that is there';
      for (const [index, row] of rows.entries()) {
        if (key.some((column) => !row.has(column))) throw wrongRow(index, wanted);
        if (!hasSameColumns(row, rows[0])) throw wrongRow(index, same);
      }
      return insert(use(), call, { name, rows, key });
    },
  });

/** A row: the values of its columns. */
type Values = ReadonlyMap<string, Parameter>;

interface Inserted {
  readonly name: TableName;
  readonly rows: readonly Values[];
  /** By which it is known whether a row is there; absent: it must not be. */
  readonly key?: readonly string[];
}

async function insert(database: Database, call: CallContext, { name, rows, key }: Inserted) {
  const { dialect } = database;
  const { traits } = dialect;
  const { schema, table } = name;
  const into = [...(schema === undefined ? [] : [schema]), table].map(traits.quote).join('.');
  const page = { limit: 1, offset: 0, room: createRoom(), tooLarge: 'cut' } as const;
  const affected = await database.transact(call, undefined, async (session) => {
    if (key !== undefined && traits.upsertsByAnyKey === true)
      requireKey(await dialect.describeTable(session, name), key);
    let sum = 0;
    for (const batch of batchesOf(rows, traits.maxParameters, session.maxBytes)) {
      const columns = [...(batch[0]?.keys() ?? [])];
      const others = columns.filter((column) => key?.includes(column) !== true);
      const ending = key === undefined ? '' : traits.upsert(key, others);
      let count = 0;
      const tuples = batch.map(() => `(${columns.map(() => traits.parameter((count += 1))).join(', ')})`);
      const sql = `INSERT INTO ${into} (${columns.map(traits.quote).join(', ')}) VALUES ${tuples.join(', ')}${ending}`;
      const params = batch.flatMap((row) => columns.map((column) => row.get(column) ?? null));
      sum += (await session.run({ sql, params }, page)).rows_affected;
    }
    return sum;
  });
  return { rows_affected: affected };
}

/** Of a view, and of a table that is not there, the database itself says what is wrong. */
function requireKey(table: TableDescription | undefined, key: readonly string[]): void {
  if (table?.type !== 'table') return;
  const names = new Set(key.map((name) => name.toLowerCase()));
  if (table.indexes.some(({ unique, columns }) => unique && columns.every((name) => names.has(name.toLowerCase()))))
    return;
  const expected = 'the columns of a primary key or a unique constraint';
  throw wrongInput({ path: 'key', expected, received: key.join(', '), reason: 'key' });
}

/** Rows that follow each other and have the same columns go into one statement. */
function batchesOf(rows: readonly Values[], maxParameters: number, maxBytes = Number.POSITIVE_INFINITY): Values[][] {
  const batches: Values[][] = [];
  let bytes = 0;
  for (const row of rows) {
    const last = batches.at(-1);
    const most = Math.min(BATCH, Math.floor(maxParameters / row.size));
    const size = sizeOf(row);
    bytes += size;
    // The other half is for names and what the protocol adds.
    const fits = last !== undefined && last.length < most && bytes <= maxBytes / 2;
    if (fits && hasSameColumns(row, last[0])) last.push(row);
    else {
      batches.push([row]);
      bytes = size;
    }
  }
  return batches;
}

/** In a statement a number may take more room than as text. */
const sizeOf = (row: Values): number => Buffer.byteLength(JSON.stringify([...row.values()])) + 20 * row.size;

function hasSameColumns(row: Values, other: Values | undefined): boolean {
  return row.size === other?.size && [...row.keys()].every((name) => other.has(name));
}

function toValues(row: JsonObject, index: number): Values {
  const entries = Object.entries(row);
  return new Map(entries.map(([name, value]) => [name, parseParameter(value, `rows[${index}].${name}`, 'rows')]));
}

const wrongRow = (index: number, expected: string): InvalidInputError =>
  wrongInput({ path: `rows[${index}]`, expected, reason: 'rows' });
