import { InvalidInputError } from '@automate/sdk';
import type { Effect } from '@automate/sdk';
import { toError } from '@automate/sql';
import type { Effects, Fault, Meaning } from '@automate/sql';

const READ_ONLY = 8;

/** A meaning, with what is put before SQLite's own message and after it. */
type Told = Meaning & { readonly before?: string; readonly after?: string };

const STATEMENT: Told = { code: 'INVALID_INPUT', reason: 'statement' };
const LOCKED: Told = { code: 'UPSTREAM_5XX', reason: 'locked', before: 'another connection holds a lock: ' };
const TAKEN: Told = { code: 'ALREADY_EXISTS', reason: 'constraint' };
const UNSOUND: Told = {
  code: 'UPSTREAM_5XX',
  reason: 'bad_answer',
  retryable: false,
  before: 'the file is not a sound SQLite database: ',
};

/** What SQLite's result codes mean: extended ones, and the primary ones of all others. */
const MEANINGS: Readonly<Record<number, Told>> = {
  1: STATEMENT,
  5: LOCKED,
  6: LOCKED,
  [READ_ONLY]: { code: 'FORBIDDEN', reason: 'read_only', after: '; the file must be one that the host may write' },
  11: UNSOUND,
  14: {
    code: 'CONFIG_INVALID',
    reason: 'cannot_open',
    after: '; the operator must see to the file and its permissions',
  },
  18: STATEMENT,
  19: { code: 'INVALID_INPUT', reason: 'constraint' },
  20: STATEMENT,
  23: { code: 'FORBIDDEN', reason: 'not_permitted', after: ': this connector does not permit what the statement does' },
  25: {
    code: 'INVALID_INPUT',
    reason: 'parameters',
    before: 'params: expected one value for each parameter of the statement, received more: ',
  },
  26: UNSOUND,
  // A key that is there already: PRIMARY KEY, UNIQUE, row id.
  1555: TAKEN,
  2067: TAKEN,
  2579: TAKEN,
};
/** All extended codes of READ_ONLY: a journal that only a connection that may write can play back. */
const NEEDS_RECOVERY: Told = {
  code: 'UPSTREAM_5XX',
  reason: 'needs_recovery',
  retryable: false,
  after:
    ': a program that was ended in the middle of a change left a journal beside the file; open the file once with a program that may write',
};
/** In a transaction that only reads, it was the caller's statement that wanted to write. */
const ONLY_READS: Told = {
  code: 'FORBIDDEN',
  reason: 'read_only',
  blame: 'caller',
  after: '; statements that change something belong into execute',
};
const STORAGE: Told = { code: 'UPSTREAM_5XX', reason: 'storage' };

/** With these, SQLite has undone all that was to be committed, or kept it to be undone. */
export const NOT_COMMITTED: ReadonlyMap<number, string> = new Map([
  [1, 'SQLITE_ERROR'],
  [5, 'SQLITE_BUSY'],
  [6, 'SQLITE_LOCKED'],
  [READ_ONLY, 'SQLITE_READONLY'],
  [13, 'SQLITE_FULL'],
  [19, 'SQLITE_CONSTRAINT'],
  [23, 'SQLITE_AUTH'],
]);

/** What an error of SQLite's means; undefined for one that is not SQLite's. */
export function sqliteFault(error: unknown, effects: Effects, reading = false): Fault | undefined {
  const { code, errcode, message: text } = Object(error) as Record<string, unknown>;
  const message = String(text);
  if (code === 'ERR_INVALID_ARG_VALUE' && message.includes('contains no statements')) {
    const none = new InvalidInputError('sql: expected a statement, received none', { cause: error });
    return { error: none, session: 'usable' };
  }
  if (code !== 'ERR_SQLITE_ERROR' || typeof errcode !== 'number') return undefined;
  const { before = '', after = '', ...meaning } = meaningOf(errcode, reading);
  const effect: Effect = NOT_COMMITTED.has(errcode & 0xff) ? 'none' : effects.silent;
  const options = { details: { sqlite_code: errcode }, cause: error, effect };
  return { error: toError(meaning, `${before}${message}${after}`, options), session: 'usable' };
}

function meaningOf(errcode: number, reading: boolean): Told {
  const primary = errcode & 0xff;
  if (errcode === READ_ONLY && reading) return ONLY_READS;
  if (primary === READ_ONLY && errcode !== READ_ONLY) return NEEDS_RECOVERY;
  return MEANINGS[errcode] ?? MEANINGS[primary] ?? STORAGE;
}
