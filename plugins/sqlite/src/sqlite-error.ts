import { InvalidInputError } from '@automate/sdk';
import type { Effect } from '@automate/sdk';
import { meaningOf, toError } from '@automate/sql';
import type { Circumstances, Fault, Meaning, Meanings } from '@automate/sql';

const READ_ONLY = 8;

/** What SQLite's result codes mean: extended ones, and the primary ones of all others. */
const MEANINGS: Meanings = [
  { code: 'INVALID_INPUT', reason: 'statement', of: [1, 18, 20] },
  { code: 'UPSTREAM_5XX', reason: 'locked', before: 'another connection holds a lock: ', of: [5, 6] },
  {
    code: 'FORBIDDEN',
    reason: 'read_only',
    after: '; the file must be one that the host may write',
    of: [READ_ONLY],
  },
  {
    code: 'UPSTREAM_5XX',
    reason: 'bad_answer',
    retryable: false,
    before: 'the file is not a sound SQLite database: ',
    of: [11, 26],
  },
  {
    code: 'CONFIG_INVALID',
    reason: 'cannot_open',
    after: '; the operator must see to the file and its permissions',
    of: [14],
  },
  { code: 'INVALID_INPUT', reason: 'constraint', of: [19] },
  {
    code: 'FORBIDDEN',
    reason: 'not_permitted',
    after: ': this connector does not permit what the statement does',
    of: [23],
  },
  {
    code: 'INVALID_INPUT',
    reason: 'parameters',
    before: 'params: expected one value for each parameter of the statement, received more: ',
    of: [25],
  },
  // Nothing was written to what was moved away, and the next call finds what is there now.
  { code: 'UPSTREAM_5XX', reason: 'file_replaced', after: ': the file was replaced or removed meanwhile', of: [1032] },
  {
    code: 'FORBIDDEN',
    reason: 'read_only',
    after: '; its directory must be one that the host may write, as a change keeps its journal there',
    of: [1544],
  },
  // A key that is there already: PRIMARY KEY, UNIQUE, row id.
  { code: 'ALREADY_EXISTS', reason: 'constraint', of: [1555, 2067, 2579] },
];
/** All other extended codes of READ_ONLY: a journal that only a connection that may write can play back. */
const NEEDS_RECOVERY: Meaning = {
  code: 'UPSTREAM_5XX',
  reason: 'needs_recovery',
  retryable: false,
  after:
    ': a program that was ended in the middle of a change left a journal beside the file; open the file once with a program that may write',
};
/** In a transaction that only reads, it was the caller's statement that wanted to write. */
const ONLY_READS: Meaning = {
  code: 'FORBIDDEN',
  reason: 'read_only',
  blame: 'caller',
  after: '; statements that change something belong into execute',
};
const STORAGE: Meaning = { code: 'UPSTREAM_5XX', reason: 'storage' };

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
export function sqliteFault(error: unknown, { effects, reading }: Omit<Circumstances, 'server'>): Fault | undefined {
  const { code, errcode, message: text } = Object(error) as Record<string, unknown>;
  const message = String(text);
  if (code === 'ERR_INVALID_ARG_VALUE' && message.includes('contains no statements')) {
    const none = new InvalidInputError('sql: expected a statement, received none', { cause: error });
    return { error: none, session: 'usable' };
  }
  if (code !== 'ERR_SQLITE_ERROR' || typeof errcode !== 'number') return undefined;
  const effect: Effect = NOT_COMMITTED.has(errcode & 0xff) ? 'none' : effects.silent;
  const options = { details: { sqlite_code: errcode }, cause: error, effect };
  return { error: toError(meaningIn(errcode, reading), message, options), session: 'usable' };
}

function meaningIn(errcode: number, reading: boolean): Meaning {
  const primary = errcode & 0xff;
  if (errcode === READ_ONLY && reading) return ONLY_READS;
  const fallback =
    primary === READ_ONLY && errcode !== READ_ONLY ? NEEDS_RECOVERY : (meaningOf(MEANINGS, primary) ?? STORAGE);
  return meaningOf(MEANINGS, errcode) ?? fallback;
}
