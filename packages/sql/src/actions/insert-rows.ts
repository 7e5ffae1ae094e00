import { action, isJsonObject } from '@automate/sdk';
import type { CallContext, InvalidInputError, JsonObject } from '@automate/sdk';
import { z } from 'zod';
import type { Database } from '../database.ts';
import type { Session, Traits } from '../dialect.ts';
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
    run: ({ rows, ...name }, call) => insert(use(), call, { traits, name, rows: rows.map(toValues), ending: '' }),
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
      const missing = rows.findIndex((row) => key.some((column) => !row.has(column)));
      if (missing !== -1) throw wrongRow(missing, `a value for each column of the key (${key.join(', ')})`);
      const other = rows.findIndex((row) => !hasSameColumns(row, rows[0]));
      if (other !== -1)
        throw wrongRow(
          other,
          'the same columns in each row, as one that is left out would be unclear in a row that is there',
        );
      const others = [...(rows[0]?.keys() ?? [])].filter((column) => !key.includes(column));
      const database = use();
      return insert(database, call, { traits, name, rows, ending: traits.upsert(key, others) }, async (session) => {
        if (traits.upsertsByAnyKey !== true) return;
        if (!hasKey(await database.dialect.describeTable(session, name), key))
          throw wrongInput({
            path: 'key',
            expected: 'the columns of a primary key or a unique constraint',
            received: key.join(', '),
            reason: 'key',
          });
      });
    },
  });

/** A row: the values of its columns. */
type Values = ReadonlyMap<string, Parameter>;

interface Inserted {
  readonly traits: Traits;
  readonly name: { readonly table: string; readonly schema?: string | undefined };
  readonly rows: readonly Values[];
  /** What follows behind the rows. */
  readonly ending: string;
}

/** Of a view, and of a table that is not there, the database itself says what is wrong. */
function hasKey(table: TableDescription | undefined, key: readonly string[]): boolean {
  if (table?.type !== 'table') return true;
  const names = new Set(key.map((name) => name.toLowerCase()));
  return table.indexes.some(({ unique, columns }) => unique && columns.every((name) => names.has(name.toLowerCase())));
}

async function insert(
  database: Database,
  call: CallContext,
  { traits, name: { schema, table }, rows, ending }: Inserted,
  prepare?: (session: Session) => Promise<void>,
) {
  const name = [...(schema === undefined ? [] : [schema]), table].map(traits.quote).join('.');
  const page = { limit: 1, offset: 0, room: createRoom(), tooLarge: 'cut' } as const;
  const affected = await database.transact(call, undefined, async (session) => {
    await prepare?.(session);
    let sum = 0;
    for (const batch of batchesOf(rows, traits.maxParameters, session.maxBytes)) {
      const columns = [...(batch[0]?.keys() ?? [])];
      const tuples = batch.map(
        (_row, index) =>
          `(${columns.map((_column, at) => traits.parameter(index * columns.length + at + 1)).join(', ')})`,
      );
      const sql = `INSERT INTO ${name} (${columns.map(traits.quote).join(', ')}) VALUES ${tuples.join(', ')}${ending}`;
      const params = batch.flatMap((row) => columns.map((column) => row.get(column) ?? null));
      sum += (await session.run({ sql, params }, page)).rows_affected;
    }
    return sum;
  });
  return { rows_affected: affected };
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
