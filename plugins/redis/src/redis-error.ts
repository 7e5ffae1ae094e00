import {
  ConnectorError,
  createConnectorError,
  socketError,
  TimeoutError,
  TransientNetworkError,
  UpstreamError,
} from '@automate/sdk';
import type { Blame, Effect, ErrorCode } from '@automate/sdk';
import type { Arg, CommandKind } from './commands.ts';
import { PROGRAMS, wordsOf } from './commands.ts';
import { TOO_LARGE, tooLargeToTake } from './takers.ts';

interface Meaning {
  readonly code: ErrorCode;
  readonly retryable?: boolean;
  readonly blame?: Blame;
  /** What the operator can do, for the message. */
  readonly advice?: string;
  /** The server is no longer what the connector is for: the next call is to get a new connection, perhaps to another one. */
  readonly moved?: true;
  /** It may come after a part of what even Redis's own commands do, or from what stands between us and Redis. */
  readonly late?: true;
}

const AUTH = 'the operator must check auth';
const CLUSTER = 'this is one node of a cluster, and the connector speaks to one server that has all keys';

/** What the first word of an error reply means. */
export const MEANINGS: Readonly<Record<string, Meaning>> = {
  ERR: { code: 'INVALID_INPUT' },
  WRONGTYPE: { code: 'INVALID_INPUT' },
  CROSSSLOT: { code: 'INVALID_INPUT' },
  NOSCRIPT: { code: 'INVALID_INPUT' },
  EXECABORT: { code: 'INVALID_INPUT' },
  NOAUTH: { code: 'AUTH_FAILED', advice: 'the operator must set auth' },
  WRONGPASS: { code: 'AUTH_FAILED', advice: AUTH },
  NOPERM: { code: 'FORBIDDEN' },
  DENIED: { code: 'FORBIDDEN' },
  BUSYKEY: { code: 'ALREADY_EXISTS' },
  BUSYGROUP: { code: 'ALREADY_EXISTS' },
  NOGROUP: { code: 'NOT_FOUND' },
  READONLY: { code: 'UPSTREAM_5XX', retryable: true, moved: true },
  MASTERDOWN: { code: 'UPSTREAM_5XX', retryable: true, moved: true },
  LOADING: { code: 'UPSTREAM_5XX', retryable: true, moved: true },
  CLUSTERDOWN: { code: 'UPSTREAM_5XX', retryable: true, moved: true },
  MOVED: { code: 'UPSTREAM_5XX', retryable: true, moved: true, blame: 'operator', advice: CLUSTER },
  ASK: { code: 'UPSTREAM_5XX', retryable: true, moved: true, blame: 'operator', advice: CLUSTER },
  NOREPLICAS: { code: 'UPSTREAM_5XX', retryable: true, moved: true },
  TRYAGAIN: { code: 'UPSTREAM_5XX', retryable: true },
  BUSY: { code: 'UPSTREAM_5XX', retryable: true },
  OOM: { code: 'UPSTREAM_5XX', retryable: false },
  MISCONF: { code: 'UPSTREAM_5XX', retryable: false },
};
const UNKNOWN: Meaning = { code: 'UPSTREAM_5XX', retryable: false, late: true };

interface Sentence extends Meaning {
  readonly text: RegExp;
  readonly reason: string;
}

/** What `ERR` means where the words after it say more. */
const SENTENCES: readonly Sentence[] = [
  { text: /^ERR max (number of clients|concurrent connections)/i, code: 'OVERLOADED', reason: 'too_many_connections' },
  { text: /^ERR max (daily )?requests? limit/i, code: 'RATE_LIMITED', reason: 'request_limit' },
  {
    text: /^ERR (DB index is out of range|invalid DB index|SELECT is not allowed)/,
    code: 'CONFIG_INVALID',
    reason: 'no_database',
    advice: 'the operator must check settings.database',
  },
  {
    text: /^ERR (invalid password|AUTH <password>|Client sent AUTH|wrong number of arguments for 'auth')/,
    code: 'AUTH_FAILED',
    reason: 'auth_refused',
    advice: AUTH,
  },
  {
    text: /^ERR (The user executing the script|ACL failure in script)/,
    code: 'FORBIDDEN',
    reason: 'noperm',
  },
  { text: /^ERR Script killed by user/, code: 'UPSTREAM_5XX', retryable: false, reason: 'killed' },
  {
    text: /^ERR unknown command/i,
    code: 'INVALID_INPUT',
    blame: 'operator',
    reason: 'unknown_command',
    advice: 'the operator must check that a Redis with this command is there, under this name',
  },
  // What proxies say of a server that they have lost, perhaps after they passed the command on.
  {
    text: /^ERR (server connection|connection (timed out|refused|reset|closed)|(request|operation) time(d )?out|host is down|upstream)/i,
    code: 'UPSTREAM_5XX',
    late: true,
    reason: 'server_lost',
  },
];

/** Failures of the driver's by which nothing was sent. */
const NOT_SENT = /^(ClientClosedError|ClientOfflineError)$/;
/** Failures of the driver's on a connection that was there. */
const BROKE_OFF = /^(SocketClosedUnexpectedlyError|DisconnectsClientError|SocketTimeoutError|ReconnectStrategyError)$/;

export interface FailedCommand {
  /** The server with its address, for messages. */
  readonly server: string;
  /** What was sent, if anything was. */
  readonly sent?: { readonly args: readonly Arg[]; readonly kind: CommandKind } | undefined;
}

/** Whether a command can have taken effect of which no reply came. */
export function effectOf({ sent }: Pick<FailedCommand, 'sent'>): Effect {
  return sent === undefined || sent.kind === 'read' ? 'none' : 'maybe';
}

/** The connector error for anything that went wrong with a server; undefined where it was not the server. */
export function redisError(error: unknown, failed: FailedCommand): ConnectorError | undefined {
  if (ConnectorError.is(error)) return error;
  if (typeof error !== 'object' || error === null) return undefined;
  const { server } = failed;
  const message = String((error as { readonly message?: unknown }).message);
  const name = error.constructor.name;
  if (isReply(error)) return fromReply(message, failed, error);
  const effect = effectOf(failed);
  const lost = { details: { reason: 'connection_lost' }, cause: error };
  if (NOT_SENT.test(name)) return new TransientNetworkError(`${server} is not connected`, { ...lost, effect: 'none' });
  if (name === 'ConnectionTimeoutError')
    return new TimeoutError(`${server} did not let us in in time`, { effect: 'none', cause: error });
  if (BROKE_OFF.test(name))
    return new TransientNetworkError(`the connection to ${server} broke off`, { ...lost, effect });
  if (/RESP type/i.test(message))
    return new UpstreamError(`${server} did not answer as Redis does; the operator must check host and port`, {
      blame: 'operator',
      retryable: false,
      effect,
      details: { reason: 'bad_answer' },
      cause: error,
    });
  return socketError(error, { server, effect });
}

/** Whether an error reply says that the server is not, or not yet, the one that can do it. */
export function hasMoved(error: unknown): boolean {
  return typeof error === 'object' && error !== null && isReply(error) && MEANINGS[wordOf(error)]?.moved === true;
}

/** Whether it is the server's refusal of a command, for its name or for who we are, after it knew who we are. */
export function isRefusal(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !isReply(error)) return false;
  return /^NOPERM\b|^ERR (unknown command|.*(user executing the script|ACL failure in script|Script attempted to access))/i.test(
    String((error as Error).message),
  );
}

/** Error replies by the driver's class, and by its name in another copy of the driver. */
function isReply(error: object): boolean {
  return /^(SimpleError|BlobError|ErrorReply)$/.test(error.constructor.name);
}

function wordOf(reply: object): string {
  return /^[A-Z]+/.exec((reply as Error).message)?.[0] ?? '';
}

function fromReply(message: string, failed: FailedCommand, cause: object): ConnectorError {
  if (failed.sent?.kind === 'atomic' && message === TOO_LARGE) return tooLargeToTake(failed.sent.args);
  const { code, retryable, blame, advice, reason, late } = meaningOf(message, wordOf(cause), failed);
  return createConnectorError(
    // Nobody has called for what we send ourselves to be let in.
    failed.sent === undefined && code === 'INVALID_INPUT' ? 'CONFIG_INVALID' : code,
    `${failed.server}: ${message}${advice === undefined ? '' : `; ${advice}`}`,
    {
      effect: effectOfReply(message, failed, late === true),
      details: { reason },
      cause,
      ...(retryable === undefined ? {} : { retryable }),
      ...(blame === undefined ? {} : { blame }),
    },
  );
}

function meaningOf(message: string, word: string, { sent }: FailedCommand): Meaning & { readonly reason: string } {
  // A database that a command names, as SWAPDB does, is its caller's.
  const isOurs = ({ code }: Sentence): boolean => code !== 'CONFIG_INVALID' || sent === undefined;
  const sentence = SENTENCES.find((each) => each.text.test(message) && isOurs(each));
  return sentence ?? { ...(MEANINGS[word] ?? UNKNOWN), reason: word === '' ? 'bad_answer' : word.toLowerCase() };
}

/**
 * Redis refuses its own commands before it does anything, with words that are known; a program may fail after it did
 * something, and so may what stands between us and Redis.
 */
function effectOfReply(message: string, { sent }: FailedCommand, isLate: boolean): Effect {
  if (sent === undefined || sent.kind === 'read') return 'none';
  if (sent.kind === 'atomic') return isLate ? 'maybe' : 'none';
  const { command } = wordsOf(sent.args);
  const isBefore =
    (command === 'EVALSHA' && message.startsWith('NOSCRIPT No matching script')) ||
    // A program can say so too, after it did something.
    (!PROGRAMS.has(command) &&
      (message.startsWith('EXECABORT Transaction discarded') ||
        message.toUpperCase().startsWith(`ERR UNKNOWN COMMAND '${command}'`)));
  return isBefore ? 'none' : 'maybe';
}
