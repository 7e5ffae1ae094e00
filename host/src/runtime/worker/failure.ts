import type { ErrorEnvelope, JsonObject, Problem } from '@automate/contract';
import { clipText, ConnectorError, ConnectorInternalError, isErrorCode, readTraits } from '@automate/contract';
import type { ConnectorAdapter } from '@automate/sdk';
import { policyRefusal, startError } from '@automate/sdk/runtime';
import type { ChannelOp } from '../messages.ts';
import { DETAIL_LIMITS, MESSAGE_LENGTH, NAME_LENGTH, STACK_LENGTH } from '../bounds.ts';
import { boundedEncode } from './bounded-encode.ts';
import type { LogWriter } from './log-writer.ts';
import { natives } from './natives.ts';

/** Makes a ConnectorError of anything that a connector's code threw. The adapter has its say; nothing it does can throw. */
function normalizeThrown(thrown: unknown, adapter: ConnectorAdapter | undefined): ConnectorError {
  if (ConnectorError.is(thrown)) return readable(thrown);
  try {
    const known = adapter?.normalizeError(thrown);
    if (ConnectorError.is(known)) return readable(known);
  } catch {
    // An adapter whose own normalizeError fails must not hide the error that it was asked about.
  }
  return ConnectorError.from(thrown);
}

/** The error, where all that is asked of it can be: code may wear the brand whose getters throw. */
function readable(error: ConnectorError): ConnectorError {
  try {
    void [error.code, error.message, error.effect, error.details, error.problems, error.cause];
    return error;
  } catch {
    return new ConnectorInternalError('threw an error that cannot be read');
  }
}

/**
 * The error that one operation of an adapter failed with.
 *
 * @param left whether the caller gave up. Where it did not, an abort is the connector's own and no cancellation
 * @param refusal what the network policy refused to the operation. It is the reason where the error itself knows none
 */
export function failureOf(
  op: ChannelOp,
  thrown: unknown,
  {
    adapter,
    left = false,
    refusal,
  }: {
    readonly adapter: ConnectorAdapter | undefined;
    readonly left?: boolean;
    readonly refusal?: ConnectorError | undefined;
  },
): ConnectorError {
  // Whatever a kind makes of it, as it cannot know what the host refuses.
  const known = policyRefusal(thrown) ?? explained(normalizeThrown(thrown, adapter), refusal);
  const error = known.code === 'CANCELLED' && !left ? abortedByItself(known) : known;
  return op === 'initialize' || op === 'connect' || op === 'discover' ? startError(error) : error;
}

/** Of what is seen as trouble with the network, or cannot be told: `WebSocket`, for one, says of no failure what it was. */
const UNEXPLAINED: ReadonlySet<string> = new Set(['INTERNAL_ERROR', 'TRANSIENT_NETWORK', 'TIMEOUT', 'UNAVAILABLE']);

function explained(error: ConnectorError, refusal: ConnectorError | undefined): ConnectorError {
  if (refusal === undefined || !UNEXPLAINED.has(error.code)) return error;
  // What was done before the refusal stays done.
  return ConnectorError.change(refusal, { effect: error.effect });
}

function abortedByItself(error: ConnectorError): ConnectorError {
  const { message, effect, cause } = error;
  return new ConnectorInternalError(`the connector gave up by itself: ${message}`, {
    effect,
    details: { reason: 'aborted' },
    cause: cause ?? error,
  });
}

/**
 * The error as JSON text, within bounds. It may come from another copy of the SDK, or from code that only wears the
 * brand: every field is read with care and falls back to what its code says.
 */
export function encodeFailure(error: ConnectorError, adapter?: ConnectorAdapter): string {
  const code = readProperty(error, 'code');
  const known = isErrorCode(code) ? code : 'INTERNAL_ERROR';
  const retryAfterMs = readProperty(error, 'retryAfterMs');
  const given = encodable<JsonObject>(readProperty(error, 'details'), 'object');
  const details = encodable<JsonObject>(redacted(given, adapter), 'object');
  const problems = encodable<Problem[]>(readProperty(error, 'problems'), 'array');
  const name = readProperty(error, 'name');
  const envelope: ErrorEnvelope = {
    code: known,
    name: typeof name === 'string' ? clipText(name, NAME_LENGTH) : 'ConnectorError',
    message: messageOf(error),
    ...readTraits(known, {
      retryable: readProperty(error, 'retryable'),
      effect: readProperty(error, 'effect'),
      blame: readProperty(error, 'blame'),
    }),
    ...(typeof retryAfterMs === 'number' && retryAfterMs >= 0 && Number.isFinite(retryAfterMs) ? { retryAfterMs } : {}),
    ...(details === undefined ? {} : { details }),
    ...(problems === undefined ? {} : { problems }),
  };
  return natives.stringify(envelope) as string;
}

/**
 * Writes down what failed: a fault of the connector's code at `error`, with the stack that finds it; what a ConnectorError says itself at
 * `debug`, where it has a cause that callers are not told. Of starts and connections the host passes on only what is new.
 */
export function logFailure(
  log: Pick<LogWriter, 'write'>,
  op: ChannelOp,
  { said, error, thrown }: { readonly said: string; readonly error: ConnectorError; readonly thrown: unknown },
): void {
  const isFault = error.code === 'INTERNAL_ERROR';
  if (!isFault && error.cause === undefined) return;
  const foreseen = ConnectorError.is(thrown) && readProperty(thrown, 'cause') === undefined;
  const fields = { ...(isFault ? {} : { code: error.code }), ...(foreseen ? {} : { stack: stackOf(thrown) }) };
  const source = op === 'initialize' || op === 'connect' || op === 'health' ? 'start' : 'logger';
  log.write(isFault ? 'error' : 'debug', source, `${said}: ${error.message}`, natives.stringify(fields) ?? '');
}

/** Message of an error, shortened; never throws and never empty. */
export function messageOf(error: unknown): string {
  const message = readProperty(error, 'message');
  const text = typeof message === 'string' && message !== '' ? message : 'an error without a message';
  return clipText(text, MESSAGE_LENGTH);
}

/** Stack of an error with the causes beneath, for the log. */
export function stackOf(thrown: unknown): string | undefined {
  const parts: string[] = [];
  let current = thrown;
  for (let depth = 0; depth < 4 && current !== undefined; depth += 1) {
    const stack = readProperty(current, 'stack');
    if (typeof stack !== 'string') break;
    parts.push(clipText(stack, STACK_LENGTH));
    current = readProperty(current, 'cause');
  }
  return parts.length === 0 ? undefined : parts.join('\ncaused by: ');
}

function redacted(details: JsonObject | undefined, adapter: ConnectorAdapter | undefined): unknown {
  if (details === undefined || adapter === undefined) return details;
  try {
    return adapter.redact(details);
  } catch {
    // Details that cannot be cleared of secrets stay here.
    return undefined;
  }
}

function encodable<T>(value: unknown, shape: 'object' | 'array'): T | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) !== (shape === 'array')) return undefined;
  try {
    return natives.parse(boundedEncode(value, DETAIL_LIMITS)) as T;
  } catch {
    return undefined;
  }
}

function readProperty(value: unknown, key: string): unknown {
  try {
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  } catch {
    return undefined;
  }
}
