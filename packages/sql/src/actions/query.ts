import { action } from '@automate/sdk';
import type { InvalidInputError, JsonValue } from '@automate/sdk';
import { z } from 'zod';
import { ask } from '../ask.ts';
import type { Database } from '../database.ts';
import type { Session, Traits } from '../dialect.ts';
import { checkStatement, innerStatement } from '../grammar.ts';
import { fromCursor, toCursor } from '../list-cursor.ts';
import type { Column, Row } from '../result-schemas.ts';
import { resultSet } from '../result-schemas.ts';
import { createRoom } from '../results.ts';
import type { Parameter, Statement } from '../schemas.ts';
import { nameSchema, pageInput, statementInput } from '../schemas.ts';
import { wrongInput } from '../wrong-input.ts';

const keyInput = {
  key: z
    .array(nameSchema)
    .min(1)
    .max(8)
    .optional()
    .describe(
      'Columns of the result that are unique together and never null. The rows are ordered by them, and the next page is found by them instead of by reading all pages before it again',
    ),
  cursor: z.string().optional().describe('With `key`: `next_cursor` of the page before'),
};

/** Rows of a statement that only reads. */
export const query = (traits: Traits, use: () => Database) =>
  action({
    description:
      'Runs a statement that only reads, in a transaction in which the database refuses to write, and gives a page of its rows.',
    input: z.strictObject({ ...statementInput(traits.placeholder), ...pageInput, ...keyInput }),
    output: z.object({
      ...resultSet.shape,
      next_offset: z.int().optional().describe('Where the next page begins; only if there is one, and without `key`'),
      next_cursor: z.string().optional().describe('Where the next page begins; only if there is one, and with `key`'),
    }),
    sideEffects: false,
    idempotent: true,
    async run({ sql, params, limit, offset, key, cursor }, call) {
      checkStatement(traits.grammar, sql, 'query');
      const database = use();
      const page = { limit: limit ?? database.maxRows, offset, room: createRoom(), tooLarge: 'refuse' } as const;
      const rows = offset + page.limit + 1;
      if (key === undefined) {
        if (cursor !== undefined) throw wrong('key', 'the key that goes with the cursor');
        const result = await database.read(call, rows, (session) => session.run({ sql, params }, page));
        return result.truncated ? { ...result, next_offset: offset + result.row_count } : result;
      }
      if (offset > 0) throw wrong('offset', 'no offset beside a key');
      const after = cursor === undefined ? [] : fromCursor(cursor, key.length);
      return database.read(call, rows, async (session) => {
        const ordered = around(traits, { sql, params }, { key, position: after }, (columns, values) => [
          '*',
          `${cursor === undefined ? '' : `WHERE (${columns}) > (${values}) `}ORDER BY ${columns} LIMIT ${rows}`,
        ]);
        const result = await session.run(ordered, page);
        refuseUnordered(traits, result.columns, key);
        const position = result.rows.map((row) => positionOf(result.columns, row, key)).at(-1);
        if (result.truncated && position !== undefined) {
          await refuseUnclear(traits, session, { sql, params }, { key, position });
          return { ...result, next_cursor: toCursor(position as JsonValue[]) };
        }
        if (traits.nullsLast) await refuseNulls(traits, session, { sql, params }, key);
        return result;
      });
    },
  });

/** Where rows are in the order of a key. */
interface Position {
  readonly key: readonly string[];
  readonly position: readonly Parameter[];
}

/** A statement around the caller's own, whose columns and further parameters are written as `key` and `position`. */
function around(
  { quote, parameter, grammar }: Traits,
  { sql, params }: Statement,
  { key, position }: Position,
  write: (columns: string, values: string) => readonly [select: string, rest: string],
): Statement {
  const values = position.map((_value, index) => parameter(params.length + index + 1)).join(', ');
  const [select, rest] = write(key.map(quote).join(', '), values);
  return {
    sql: `SELECT ${select} FROM (${innerStatement(grammar, sql)}\n) AS page ${rest}`,
    params: [...params, ...position],
  };
}

/** The page after this one would leave out what ORDER BY puts there and a comparison does not. */
function refuseUnordered({ unordered = [] }: Traits, columns: readonly Column[], key: readonly string[]): void {
  const column = columns.find(({ name, type }) => key.includes(name) && unordered.includes(type));
  if (column !== undefined)
    throw wrong('key', `columns that are ordered as they are compared, which ${column.type} is not ("${column.name}")`);
}

/** Rows that are equal to the last one of a page would be lost, and so would all if it is not equal to itself. */
async function refuseUnclear(traits: Traits, session: Session, statement: Statement, at: Position) {
  const same = around(traits, statement, at, (columns, values) => ['1', `WHERE (${columns}) = (${values}) LIMIT 2`]);
  const { length } = await ask(session, same, 2);
  if (length > 1) throw wrong('key', 'columns that are unique together');
  if (length < 1) throw wrong('key', 'columns whose values, as results give them, are found again');
}

/** Where nulls come last, no comparison finds them: the pages would end before them. */
async function refuseNulls(traits: Traits, session: Session, statement: Statement, key: readonly string[]) {
  const condition = key.map((name) => `${traits.quote(name)} IS NULL`).join(' OR ');
  const nulls = around(traits, statement, { key, position: [] }, () => ['1', `WHERE ${condition} LIMIT 1`]);
  if ((await ask(session, nulls, 1)).length > 0) throw wrong('key', 'columns that are never null');
}

function positionOf(columns: readonly Column[], row: Row, key: readonly string[]): Parameter[] {
  return key.map((name) => {
    const value = row[name] ?? null;
    if (value === null) throw wrong('key', 'columns of the result that are never null');
    const category = columns.find((column) => column.name === name)?.category;
    // A text within JSON is not the JSON itself.
    if (category === 'json') return { json: value };
    // A large number, which came as text, is no text where it is compared by what it is.
    const isNumber = category === 'integer' || category === 'other';
    return isNumber && typeof value === 'string' && /^-?\d{16,20}$/.test(value) ? { integer: value } : value;
  });
}

const wrong = (path: string, expected: string): InvalidInputError => wrongInput({ path, expected, reason: 'key' });
