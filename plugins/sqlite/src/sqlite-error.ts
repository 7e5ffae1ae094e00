import {
  AlreadyExistsError,
  ConfigInvalidError,
  ConnectorError,
  ForbiddenError,
  InvalidInputError,
  UpstreamError,
} from '@automate/sdk';
import type { ConnectorErrorOptions, Effect } from '@automate/sdk';

/** SQLite's primary result codes that say whose fault it is. */
const CODE = {
  error: 1,
  busy: 5,
  locked: 6,
  readOnly: 8,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  tooBig: 18,
  constraint: 19,
  mismatch: 20,
  authorization: 23,
  range: 25,
  notADatabase: 26,
} as const;

/** Extended codes of a key that is there already: UNIQUE, PRIMARY KEY, row id. */
const TAKEN: ReadonlySet<number> = new Set([2067, 1555, 2579]);

/** With these, SQLite has undone all that was to be committed, or kept it to be undone. */
export const NOT_COMMITTED: ReadonlyMap<number, string> = new Map([
  [CODE.error, 'SQLITE_ERROR'],
  [CODE.busy, 'SQLITE_BUSY'],
  [CODE.locked, 'SQLITE_LOCKED'],
  [CODE.readOnly, 'SQLITE_READONLY'],
  [CODE.full, 'SQLITE_FULL'],
  [CODE.constraint, 'SQLITE_CONSTRAINT'],
  [CODE.authorization, 'SQLITE_AUTH'],
]);

/** Whether COMMIT, or a statement that is no part of a transaction, may have taken effect although it failed. */
export function effectOfCommit(error: unknown): Effect {
  const code = Number((error as { errcode?: unknown } | undefined)?.errcode);
  return NOT_COMMITTED.has(code & 0xff) ? 'none' : 'maybe';
}

/**
 * The connector error that an error of SQLite's stands for; undefined for one that is not SQLite's.
 *
 * @param reading whether the statement was one that may only read, whatever the file permits
 */
export function sqliteError(error: unknown, effect: Effect, reading = false): ConnectorError | undefined {
  if (ConnectorError.is(error) || typeof error !== 'object' || error === null) return undefined;
  const { code, errcode, message: text } = error as { code?: unknown; errcode?: unknown; message?: unknown };
  const message = String(text);
  if (code === 'ERR_INVALID_ARG_VALUE' && message.includes('contains no statements'))
    return new InvalidInputError('sql: expected a statement, received none', { cause: error });
  if (code !== 'ERR_SQLITE_ERROR' || typeof errcode !== 'number') return undefined;
  if (errcode === CODE.readOnly && reading)
    return new ForbiddenError(`${message}; statements that change something belong into execute`, {
      details: { sqlite_code: errcode, reason: 'read_only' },
      cause: error,
      effect,
      blame: 'caller',
    });
  return classify(errcode, message, { details: { sqlite_code: errcode }, cause: error, effect });
}

function classify(errcode: number, message: string, options: ConnectorErrorOptions): ConnectorError {
  const details = (reason: string): ConnectorErrorOptions => ({ ...options, details: { ...options.details, reason } });
  switch (errcode & 0xff) {
    case CODE.constraint:
      return TAKEN.has(errcode)
        ? new AlreadyExistsError(message, details('constraint'))
        : new InvalidInputError(message, details('constraint'));
    case CODE.error:
    case CODE.mismatch:
    case CODE.tooBig:
      return new InvalidInputError(message, details('statement'));
    case CODE.range:
      return new InvalidInputError(
        'params: expected one value for each parameter of the statement, received more',
        details('parameters'),
      );
    case CODE.busy:
    case CODE.locked:
      return new UpstreamError(`another connection holds a lock: ${message}`, details('locked'));
    case CODE.readOnly:
      // The extended codes tell of a journal that only a connection that may write can play back.
      if (errcode !== CODE.readOnly)
        return new UpstreamError(
          `${message}: a program that was ended in the middle of a change left a journal beside the file; open the file once with a program that may write`,
          { ...details('needs_recovery'), retryable: false },
        );
      return new ForbiddenError(`${message}; the file must be one that the host may write`, details('read_only'));
    case CODE.authorization:
      return new ForbiddenError(
        `${message}: this connector does not permit what the statement does`,
        details('not_permitted'),
      );
    case CODE.cannotOpen:
      return new ConfigInvalidError(
        `${message}; the operator must see to the file and its permissions`,
        details('cannot_open'),
      );
    case CODE.notADatabase:
    case CODE.corrupt:
      return new UpstreamError(`the file is not a sound SQLite database: ${message}`, {
        ...details('bad_answer'),
        retryable: false,
      });
    case CODE.full:
    default:
      return new UpstreamError(message, details('storage'));
  }
}
