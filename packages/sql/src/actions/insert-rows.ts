import { action, InvalidInputError, isJsonObject } from '@automate/sdk';
import type { CallContext, JsonObject } from '@automate/sdk';
import { z } from 'zod';
import type { Session, SqlDatabase, TableDescription, Traits } from '../dialect.ts';
import { createRoom } from '../results.ts';
import type { Parameter, Statement } from '../schemas.ts';
import { nameSchema, parameterSchema } from '../schemas.ts';

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
export const insertRows = (traits: Traits, use: () => SqlDatabase) =>
  action({
    description: 'Inserts rows into a table, in batches and in one transaction: all of them, or none.',
    input: z.strictObject(tableInput(traits)),
    output,
    sideEffects: true,
    idempotent: false,
    run: ({ table, schema, rows }, call) => insert(use(), call, statementsOf(traits, { table, schema, rows }, '')),
  });

/** Many rows at once, of which some may be there. */
export const upsertRows = (traits: Traits, use: () => SqlDatabase) =>
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
    run({ table, schema, rows, key }, call) {
      const missing = rows.findIndex((row) => key.some((name) => !Object.hasOwn(row, name)));
      if (missing !== -1) throw wrongRow(missing, `a value for each column of the key (${key.join(', ')})`);
      const [first] = rows;
      const others = Object.keys(first ?? {}).filter((name) => !key.includes(name));
      const other = rows.findIndex((row) => !hasSameColumns(row, first ?? {}));
      if (other !== -1)
        throw wrongRow(
          other,
          'the same columns in each row, as one that is left out would be unclear in a row that is there',
        );
      const statements = statementsOf(traits, { table, schema, rows }, traits.upsert(key, others));
      const database = use();
      return insert(database, call, statements, async (session) => {
        if (traits.upsertsByAnyKey !== true) return;
        const name = { table, ...(schema === undefined ? {} : { schema }) };
        if (!hasKey(await database.describeTable(session, name), key)) throw wrongKey(key);
      });
    },
  });

interface Inserted {
  readonly table: string;
  readonly schema: string | undefined;
  readonly rows: readonly JsonObject[];
}

/** Of a view, and of a table that is not there, the database itself says what is wrong. */
function hasKey(table: TableDescription | undefined, key: readonly string[]): boolean {
  if (table?.type !== 'table') return true;
  const names = new Set(key.map((name) => name.toLowerCase()));
  return table.indexes.some(({ unique, columns }) => unique && columns.every((name) => names.has(name.toLowerCase())));
}

async function insert(
  database: SqlDatabase,
  call: CallContext,
  statements: readonly Statement[],
  prepare?: (session: Session) => Promise<void>,
) {
  const page = { limit: 1, offset: 0, room: createRoom(), tooLarge: 'cut' } as const;
  const affected = await database.transact(call, undefined, async (session) => {
    await prepare?.(session);
    let sum = 0;
    for (const statement of statements) sum += (await session.run(statement, page)).rows_affected;
    return sum;
  });
  return { rows_affected: affected };
}

function statementsOf(traits: Traits, { table, schema, rows }: Inserted, ending: string): Statement[] {
  const name = [...(schema === undefined ? [] : [schema]), table].map(traits.quote).join('.');
  return batchesOf(rows, traits.maxParameters).map(({ columns, batch, from }) => {
    const tuples = batch.map(
      (_row, index) =>
        `(${columns.map((_column, at) => traits.parameter(index * columns.length + at + 1)).join(', ')})`,
    );
    return {
      sql: `INSERT INTO ${name} (${columns.map(traits.quote).join(', ')}) VALUES ${tuples.join(', ')}${ending}`,
      params: batch.flatMap((row, index) => columns.map((column) => valueOf(row, column, from + index))),
    };
  });
}

/** Rows that follow each other and have the same columns go into one statement. */
function batchesOf(rows: readonly JsonObject[], maxParameters: number) {
  const batches: { columns: readonly string[]; batch: JsonObject[]; from: number }[] = [];
  for (const [index, row] of rows.entries()) {
    const last = batches.at(-1);
    const room = last === undefined ? 0 : Math.min(BATCH, Math.floor(maxParameters / last.columns.length));
    if (last !== undefined && last.batch.length < room && hasSameColumns(row, last.batch[0] ?? {}))
      last.batch.push(row);
    else batches.push({ columns: Object.keys(row), batch: [row], from: index });
  }
  return batches;
}

function hasSameColumns(row: JsonObject, other: JsonObject): boolean {
  const names = Object.keys(row);
  return names.length === Object.keys(other).length && names.every((name) => Object.hasOwn(other, name));
}

function valueOf(row: JsonObject, column: string, index: number): Parameter {
  const parsed = parameterSchema.safeParse(row[column]);
  if (parsed.success) return parsed.data;
  throw wrongRow(index, `null, a boolean, a number, a text, a list, an object or bytes in "${column}"`);
}

function wrongKey(key: readonly string[]): InvalidInputError {
  const expected = 'the columns of a primary key or a unique constraint';
  const received = key.join(', ');
  return new InvalidInputError(`key: expected ${expected}, received ${received}`, {
    problems: [{ path: 'key', expected, received }],
  });
}

function wrongRow(index: number, expected: string): InvalidInputError {
  return new InvalidInputError(`rows[${index}]: expected ${expected}`, {
    problems: [{ path: `rows[${index}]`, expected, received: 'another row' }],
  });
}
