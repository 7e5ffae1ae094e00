// Long, as everything that the client and the service refuse in the same words stands together.
import type { AuditExpectation, AuditFilter } from './audit-operations.ts';
import type { ConfigText } from './config-operations.ts';
import { isErrorCode } from './error-codes.ts';
import { makeVisible, quote } from './quote.ts';
import { MAX_SECRET_BYTES } from './secret-operations.ts';
import type { CallOptions } from './call-options.ts';
import {
  CancelledError,
  ConnectorError,
  InvalidInputError,
  NotFoundError,
  TimeoutError,
  UnavailableError,
} from './connector-error.ts';
import type { ExecuteTextRequest, HealthFilter, ListFilter } from './connector-service.ts';
import { CONNECTOR_TYPES, MAX_CONFIG_BYTES, MAX_PAYLOAD_BYTES } from './connector.ts';
import type { Fields } from './field-table.ts';
import { CONNECTOR_FIELDS, rowsOf, wireName } from './field-table.ts';
import type { JsonObject } from './json.ts';
import { isJsonObject } from './json.ts';
import { measureJson } from './measure-json.ts';
import { LINE_LEVELS } from './line-level.ts';
import type { LineLevel } from './line-level.ts';
import type { FollowFilter } from './log-operations.ts';
import type { OutcomeKey } from './outcome-operations.ts';
import { appendPath } from './problem-path.ts';
import type { Problem } from './problem.ts';
import { describeProblem } from './problem.ts';

// Errors that both the client and the service raise, so that a caller sees the same words from either.

/** The error of a payload that is over the limit of every door. */
export function payloadTooLarge(bytes: number, connector?: string): InvalidInputError {
  return new InvalidInputError(`the payload has ${bytes} bytes; at most ${MAX_PAYLOAD_BYTES} are taken`, {
    problems: [{ path: '', expected: `at most ${MAX_PAYLOAD_BYTES} bytes`, received: `${bytes} bytes` }],
    details: { reason: 'payload_too_large' },
    connector,
  });
}

/** The error of a call whose caller left before the answer. */
export function cancelledByCaller(connector: string): CancelledError {
  return new CancelledError('the caller cancelled the call', { connector });
}

/** The error of a configuration that is not accepted, with everything that is wrong with it. */
export function configRefused(id: unknown, problems: readonly Problem[]): InvalidInputError {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new InvalidInputError(
    `the configuration${typeof id === 'string' && id !== '' ? ` of ${quote(id)}` : ''} is refused: ${first === undefined ? 'no reason given' : describeProblem(first)}${more}`,
    { problems, details: { reason: 'config_refused' } },
  );
}

/** The error of a profile that is not accepted, with everything that is wrong with it. */
export function profileRefused(name: unknown, problems: readonly Problem[]): InvalidInputError {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new InvalidInputError(
    `the profile${typeof name === 'string' && name !== '' ? ` ${quote(name.slice(0, 80))}` : ''} is refused: ${first === undefined ? 'no reason given' : describeProblem(first)}${more}`,
    { problems, details: { reason: 'config_refused' } },
  );
}

/** The error of a configuration that is over the limit of every door. */
export function configTooLarge(): InvalidInputError {
  const expected = `at most ${MAX_CONFIG_BYTES} bytes of JSON`;
  return new InvalidInputError(`the configuration is too large: expected ${expected}, received more`, {
    problems: [{ path: '', expected, received: 'more' }],
    details: { reason: 'payload_too_large' },
  });
}

/** Throws for a configuration that is no object at all, or too large to be looked at. */
export function requireConfig(config: unknown): void {
  if (!isJsonObject(config))
    throw configRefused(undefined, [{ path: '', expected: 'an object', received: valueInWords(config) }]);
  if (isTooLarge(config)) throw configTooLarge();
  const problems = durationsInText(config, CONNECTOR_FIELDS);
  if (problems.length > 0) throw configRefused(config['id'], problems);
}

/** Throws for a profile that is no object at all, or too large to be looked at. */
export function requireProfile(request: unknown): void {
  if (!isJsonObject(request))
    throw profileRefused(undefined, [{ path: '', expected: 'an object', received: valueInWords(request) }]);
  if (isTooLarge(request)) throw configTooLarge();
}

/** The name of a profile, where it is a text. */
export function requireProfileName(name: unknown): string {
  if (typeof name === 'string' && name !== '') return requireWhole('name', name);
  throw unexpected('name', 'the name of a profile', valueInWords(name));
}

/** The name of a kind, where it is a text. */
export function requireKindName(kind: unknown): string {
  if (typeof kind === 'string' && kind !== '') return requireWhole('kind', kind);
  throw unexpected('kind', 'the name of a kind', valueInWords(kind));
}

/** Durations of the port are numbers; what is a text there would pass for one of the file's. */
function durationsInText(map: JsonObject, fields: Fields, above = ''): readonly Problem[] {
  return rowsOf(fields).flatMap(([name, field]) => {
    const value = map[name];
    const path = appendPath(above, wireName(name, field));
    if (field.kind === 'section') return isJsonObject(value) ? durationsInText(value, field.fields, path) : [];
    if (field.kind === 'sections')
      return isJsonObject(value)
        ? Object.entries(value).flatMap(([key, each]) =>
            isJsonObject(each) ? durationsInText(each, field.fields, appendPath(path, key)) : [],
          )
        : [];
    if (field.kind !== 'duration' || typeof value !== 'string') return [];
    return [{ path, expected: 'a number of milliseconds', received: quote(value.slice(0, 80)) }];
  });
}

function isTooLarge(config: JsonObject): boolean {
  if (measureJson(config, { bytes: MAX_CONFIG_BYTES, depth: Infinity })?.fault === 'too_large') return true;
  try {
    return Buffer.byteLength(JSON.stringify(config)) > MAX_CONFIG_BYTES;
  } catch {
    return false; // whoever reads it says where it is no JSON
  }
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * Throws for an idempotency key that no door could carry. An empty one, such as a variable that was never set, must not
 * pass for a key: an action would be repeated for its sake.
 */
export function requireIdempotencyKey(key: unknown): string {
  if (typeof key === 'string' && IDEMPOTENCY_KEY.test(key)) return key;
  const received = typeof key === 'string' && key !== '' ? `${key.length} characters` : valueInWords(key);
  const expected = '1 to 255 printable ASCII characters without spaces';
  throw new InvalidInputError(`the idempotency key cannot be used: expected ${expected}, received ${received}`, {
    problems: [{ path: 'idempotency_key', expected, received }],
  });
}

/** The same of a key that may be another principal's. */
export function requireOutcomeKey(key: OutcomeKey): OutcomeKey {
  if (!isJsonObject(key)) return requireIdempotencyKey(key);
  const { principal } = key;
  if (typeof principal !== 'string' || principal === '')
    throw unexpected('principal', 'the name of a principal', valueInWords(principal));
  return { key: requireIdempotencyKey(key.key), principal };
}

/**
 * Throws for options with which no call can be made: a time that is none, or none left, or a caller that has left already.
 * `Infinity` is no limit. Gives back the options with their time in whole milliseconds, at least one: no door counts finer.
 */
export function requireCallOptions<Options extends CallOptions>(options: Options): Options {
  if (!isJsonObject(options)) throw unexpected('options', 'an object', valueInWords(options));
  const { timeoutMs, signal } = options;
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    throw unexpected('signal', 'an AbortSignal', valueInWords(signal));
  if (timeoutMs !== undefined && (typeof timeoutMs !== 'number' || Number.isNaN(timeoutMs)))
    throw timeoutRefused(timeoutMs);
  if (signal?.aborted === true) throw new CancelledError('the caller left', { effect: 'none' });
  if (timeoutMs === undefined || timeoutMs === Infinity || (Number.isInteger(timeoutMs) && timeoutMs > 0))
    return options;
  if (timeoutMs <= 0)
    throw new TimeoutError(`there is no time for the call: ${timeoutMs} ms`, { effect: 'none', blame: 'caller' });
  // By name, as a signal that is made when asked for is no member of its own.
  return { ...options, signal, timeoutMs: Math.ceil(timeoutMs) };
}

/** A time to wait that is no time. */
export function timeoutRefused(given: unknown): InvalidInputError {
  const expected =
    'a time above 0 to wait for everything: in milliseconds, over REST as wait=SECONDS, on the command line such as 30s';
  const isShown = typeof given === 'number' || (typeof given === 'string' && given !== '');
  return unexpected('timeout_ms', expected, isShown ? makeVisible(String(given).slice(0, 80)) : valueInWords(given));
}

/** Throws for a type that connectors do not have. */
export function requireType(type: unknown): void {
  if (type === undefined || CONNECTOR_TYPES.some((known) => known === type)) return;
  const expected = `one of ${CONNECTOR_TYPES.join(', ')}`;
  throw unexpected('type', expected, typeof type === 'string' ? quote(type.slice(0, 80)) : valueInWords(type));
}

/** The error of a host that is shutting down: it takes no new calls and gives up what waits. */
export function hostEnding(): UnavailableError {
  return new UnavailableError('the host is shutting down', { details: { reason: 'shutting_down' } });
}

/** The error of a service that its owner has closed. */
export function serviceClosed(): UnavailableError {
  return new UnavailableError('the connectors service was closed by this program', {
    retryable: false,
    details: { reason: 'closed' },
  });
}

/**
 * Opens a service that was found where a host wrote down that it runs. Where none answers it is that host which hangs, or was stopped,
 * and no address that somebody gave.
 *
 * @param who the host, for people: `the host on /project/.automate`
 */
export async function openFound<T>(who: string, opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    const { details } = ConnectorError.from(error);
    if (details?.['reason'] !== 'service_unreachable') throw error;
    const { address } = details;
    throw new UnavailableError(
      `${who} does not answer at ${typeof address === 'string' ? address : 'its address'}: see its log, and whether the machine is overloaded; if that process hangs, end it, and start it again`,
      { blame: 'operator', details, cause: error },
    );
  }
}

/** Throws for a text that not every door can carry: UTF-8 has no form for half of a pair of code units. */
export function requireWhole(path: string, text: string): string {
  if (text.isWellFormed()) return text;
  throw unexpected(path, 'a text of whole characters', 'one with half a character');
}

/** The id of a connector, where it is one. */
export function requireId(id: unknown): string {
  if (typeof id === 'string' && id !== '') return requireWhole('id', id);
  throw new InvalidInputError('the call names no connector', {
    problems: [{ path: 'id', expected: 'the id of a connector', received: valueInWords(id) }],
  });
}

/** Throws for a call that lacks what every call needs. */
export function requireCall(request: ExecuteTextRequest): void {
  const { id, action, payload, idempotencyKey } = isJsonObject(request) ? request : ({} as ExecuteTextRequest);
  requireId(id);
  if (typeof action !== 'string' || action === '') {
    throw new InvalidInputError('the call names no action', {
      problems: [{ path: 'action', expected: 'the name of an action', received: valueInWords(action) }],
    });
  }
  requireWhole('action', action);
  if (typeof payload !== 'string') throw unexpected('payload', 'JSON text', valueInWords(payload));
  requireWhole('payload', payload);
  if (idempotencyKey !== undefined) requireIdempotencyKey(idempotencyKey);
}

const SECRET_PLACES = { namespace: [/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 128], name: [/^\w[\w.-]*$/, 255] } as const;

/** Throws for what is no name of a secret. */
export function requireSecret<Request extends { readonly namespace: string; readonly name: string }>(
  request: Request,
): Request {
  if (!isJsonObject(request)) throw unexpected('secret', 'an object', valueInWords(request));
  for (const [place, [form, longest]] of Object.entries(SECRET_PLACES)) {
    const given: unknown = request[place as keyof typeof SECRET_PLACES];
    if (typeof given === 'string' && form.test(given) && given.length <= longest && !given.includes('..')) continue;
    const expected = `up to ${longest} letters, digits, "_", "." or "-", without ".." and beginning with a letter or digit`;
    const isShown = typeof given === 'string' && given !== '';
    throw unexpected(place, expected, isShown ? quote(given.slice(0, 80)) : valueInWords(given));
  }
  return request;
}

/** Throws for what is no number of a version. */
export function requireSecretVersion(version: unknown): void {
  if (version === undefined || (Number.isInteger(version) && Number(version) >= 1 && Number(version) < 1e9)) return;
  throw unexpected(
    'version',
    'a whole number from 1',
    typeof version === 'number' ? String(version) : valueInWords(version),
  );
}

/** Throws for a value that no secret can have, and says nothing of it. */
export function requireSecretValue(value: unknown): void {
  const expected = `a text of 1 to ${MAX_SECRET_BYTES} bytes`;
  if (typeof value !== 'string' || value === '') throw unexpected('value', expected, valueInWords(value));
  const bytes = Buffer.byteLength(value);
  if (bytes > MAX_SECRET_BYTES) throw unexpected('value', expected, `${bytes} bytes`);
  requireWhole('value', value);
  if (value.includes('\0')) throw unexpected('value', 'a text', 'one with a character NUL');
}

/** Throws for a filter that could not be told from none, or matches nothing that there can be. */
export function requireFilter(filter: ListFilter & HealthFilter): void {
  if (!isJsonObject(filter)) throw unexpected('filter', 'an object', valueInWords(filter));
  requireType(filter.type);
  const { tag } = filter;
  if (tag !== undefined && typeof tag !== 'string') throw unexpected('tag', 'text', valueInWords(tag));
  for (const name of ['enabledOnly', 'cached'] as const) {
    const flag = filter[name];
    if (flag !== undefined && typeof flag !== 'boolean') throw unexpected(name, 'true or false', valueInWords(flag));
  }
}

const AUDIT_TEXTS = ['since', 'until', 'principal', 'connector', 'action', 'operation', 'code', 'order'] as const;

/** Gives the filter back. Throws for one that lets nothing through that there can be. */
export function requireAuditFilter(filter: AuditFilter): AuditFilter {
  const given: unknown = filter;
  if (!isJsonObject(given)) throw unexpected('filter', 'an object', valueInWords(given));
  for (const name of AUDIT_TEXTS) {
    const text = filter[name];
    if (text !== undefined && typeof text !== 'string') throw unexpected(name, 'text', valueInWords(text));
  }
  for (const name of ['since', 'until'] as const) {
    const text = filter[name];
    if (text !== undefined && !isMoment(text))
      throw unexpected(name, 'a time such as "2026-01-31T09:00:00Z"', quote(text.slice(0, 80)));
  }
  const { code, order, limit, cursor, host } = filter;
  requireHostId(host);
  if (code !== undefined && code !== 'OK' && code !== 'BEGUN' && !isErrorCode(code))
    throw unexpected('code', 'OK, BEGUN or the code of an error', quote(String(code).slice(0, 80)));
  if (order !== undefined && order !== 'newest' && order !== 'oldest')
    throw unexpected('order', 'newest or oldest', quote(String(order).slice(0, 80)));
  requireLimit(limit, 1000);
  const isCursor = (given: unknown): boolean => Number.isSafeInteger(given) && Number(given) >= 0;
  if (typeof cursor === 'string') {
    if (host !== 'all' || !/^[^=,]{1,100}=\d{1,16}(?:,[^=,]{1,100}=\d{1,16})*$/.test(cursor))
      throw unexpected('cursor', '`next` of the page before', quote(cursor.slice(0, 80)));
  } else if (cursor !== undefined && !isCursor(cursor))
    throw unexpected('cursor', '`next` of the page before', numberInWords(cursor));
  return filter;
}

/** Gives the filter back. Throws for one that lets nothing through that there can be. */
export function requireLogFilter(filter: FollowFilter): FollowFilter {
  const given: unknown = filter;
  if (!isJsonObject(given)) throw unexpected('filter', 'an object', valueInWords(given));
  const { connector, level, limit, after, host } = filter;
  if (connector !== undefined) requireId(connector);
  requireHostId(host);
  if (level !== undefined) requireWord('level', level, LINE_LEVELS);
  requireLimit(limit, 1000);
  for (const seq of typeof after === 'object' ? Object.values(after) : [after])
    if (seq !== undefined && !(Number.isSafeInteger(seq) && seq >= 0))
      throw unexpected('after', '`seq` of a line', numberInWords(seq));
  return filter;
}

/** The error of a filter that names a host which is not among those that live. */
export function unknownHost(host: string, living: readonly { readonly id: string }[]): NotFoundError {
  const others = living.map(({ id }) => id).join(', ');
  return new NotFoundError(`no host ${quote(host)} lives: ${others === '' ? 'none is known' : `there are ${others}`}`, {
    details: { reason: 'unknown_host' },
  });
}

/** The id of a host, where one is given. Throws for what can be none. */
export function requireHostId(host: unknown): string | undefined {
  if (host === undefined || (typeof host === 'string' && host !== '' && host.length <= 100)) return host;
  throw unexpected(
    'host',
    'the id of a host',
    typeof host === 'string' ? quote(host.slice(0, 80)) : valueInWords(host),
  );
}

/** The id of the one host that is asked, of a view over hosts; undefined: all of them, which may be said as `all`. Throws for what can be none. */
export function requireOneHost(host: unknown): string | undefined {
  const id = requireHostId(host);
  return id === 'all' ? undefined : id;
}

/** The id of a host. Throws for what can be none. */
export function requireHost(host: unknown): string {
  return requireHostId(host ?? '') ?? '';
}

/** Gives it back. Throws for what is no text of a configuration, or too long for a file. */
export function requireConfigText(config: ConfigText): ConfigText {
  const given: unknown = config;
  if (!isJsonObject(given)) throw unexpected('config', 'an object', valueInWords(given));
  const { yaml, name } = config;
  for (const [path, text] of Object.entries({ yaml, name }))
    if (text !== undefined && typeof text !== 'string') throw unexpected(path, 'text', valueInWords(text));
  if (yaml !== undefined && Buffer.byteLength(requireWhole('yaml', yaml)) > MAX_CONFIG_BYTES) throw configTooLarge();
  if (name !== undefined) requireWhole('name', name);
  return config;
}

/** The level, where it is one, or `default`. */
export function requireLogLevel(level: unknown): LineLevel | 'default' {
  return requireWord('level', level, [...LINE_LEVELS, 'default'] as const);
}

/** The number, where it is one of things to be listed. */
export function requireLimit(limit: unknown, most: number): number | undefined {
  if (limit === undefined || (Number.isInteger(limit) && Number(limit) >= 1 && Number(limit) <= most))
    return limit as number | undefined;
  throw unexpected('limit', `a whole number from 1 to ${most}`, numberInWords(limit));
}

export function requireWord<Word extends string>(path: string, given: unknown, words: readonly Word[]): Word {
  const word = words.find((known) => known === given);
  if (word !== undefined) return word;
  const isShown = typeof given === 'string' && given !== '';
  throw unexpected(path, `one of ${words.join(', ')}`, isShown ? quote(given.slice(0, 80)) : valueInWords(given));
}

/** Gives it back. Throws for what no record can be. */
export function requireAuditExpectation(expected: AuditExpectation | undefined): AuditExpectation | undefined {
  if (expected === undefined) return undefined;
  const given: unknown = expected;
  if (!isJsonObject(given)) throw unexpected('expected', 'an object', valueInWords(given));
  const { seq, hash } = expected;
  if (!(Number.isSafeInteger(seq) && seq >= 1)) throw unexpected('seq', 'the number of a record', numberInWords(seq));
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/i.test(hash))
    throw unexpected(
      'hash',
      '64 hexadecimal digits',
      typeof hash === 'string' ? quote(hash.slice(0, 80)) : valueInWords(hash),
    );
  return expected;
}

/** With its zone: without one it would be another moment in each place. */
export function isMoment(text: string): boolean {
  return (
    /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text) &&
    !Number.isNaN(Date.parse(text)) &&
    isDay(text.slice(0, 10))
  );
}

/** Whether there is such a day, `YYYY-MM-DD`: one that a month does not have would be taken for one of the next. */
export function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

export function numberInWords(value: unknown): string {
  return typeof value === 'number' ? String(value) : valueInWords(value);
}

export function unexpected(path: string, expected: string, received: string): InvalidInputError {
  return new InvalidInputError(`${path}: expected ${expected}, received ${received}`, {
    problems: [{ path, expected, received }],
  });
}

/** A value of a wrong type, in words. */
export function valueInWords(value: unknown): string {
  if (value === undefined || value === '') return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
