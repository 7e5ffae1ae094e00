import {
  isMoment,
  numberInWords,
  requireCall,
  requireId,
  requireLimit,
  requireWhole,
  requireWord,
  unexpected,
  valueInWords,
} from './common-errors.ts';
import { LONGEST_TIMER_MS } from './connector.ts';
import type { ExecutionFilter, StartExecutionRequest } from './execution-operations.ts';
import { EXECUTION_STATUSES } from './execution-operations.ts';
import { isJsonObject } from './json.ts';
import { quote } from './quote.ts';

const MOST_PRIORITY = 100;

/** Gives it back. Throws for a call that cannot be asked for. */
export function requireStart<Request extends StartExecutionRequest & { readonly payload: string }>(
  request: Request,
): Request {
  requireCall(request);
  const { runTimeoutMs, runAt, priority, callbackUrl } = request;
  if (runTimeoutMs !== undefined && !isWhole(runTimeoutMs, 1, LONGEST_TIMER_MS))
    throw unexpected(
      'run_timeout_ms',
      `a whole number of milliseconds from 1 to ${LONGEST_TIMER_MS}`,
      numberInWords(runTimeoutMs),
    );
  if (priority !== undefined && !isWhole(priority, -MOST_PRIORITY, MOST_PRIORITY))
    throw unexpected('priority', `a whole number from -${MOST_PRIORITY} to ${MOST_PRIORITY}`, numberInWords(priority));
  // A day alone says no time, and of no zone.
  if (runAt !== undefined && !(typeof runAt === 'string' && runAt.includes('T') && isMoment(runAt)))
    throw unexpected(
      'run_at',
      'a time such as "2026-01-31T09:00:00Z"',
      typeof runAt === 'string' && runAt !== '' ? quote(runAt.slice(0, 80)) : valueInWords(runAt),
    );
  if (callbackUrl !== undefined) requireCallbackUrl(callbackUrl);
  return request;
}

/** Most characters of a callback's URL. */
const MOST_URL = 2_048;

function requireCallbackUrl(given: unknown): void {
  const expected = `a URL such as "https://hooks.example.com/automate", without a user or a fragment, of at most ${MOST_URL} characters`;
  if (typeof given !== 'string' || given === '') throw unexpected('callback_url', expected, valueInWords(given));
  const url = given.length > MOST_URL ? null : URL.parse(given);
  const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:';
  // What stands in a URL may be a secret.
  if (url === null || !isHttp || url.username !== '' || url.password !== '' || url.hash !== '')
    throw unexpected('callback_url', expected, 'another text');
}

/** The id of an execution, where it can be one. */
export function requireExecutionId(id: unknown): string {
  if (typeof id === 'string' && id !== '') return requireWhole('id', id);
  throw unexpected('id', 'the id of an execution', valueInWords(id));
}

/** Gives the filter back. Throws for one that lets nothing through that there can be. */
export function requireExecutionFilter(filter: ExecutionFilter): ExecutionFilter {
  const given: unknown = filter;
  if (!isJsonObject(given)) throw unexpected('filter', 'an object', valueInWords(given));
  const { connector, status, deadLetters, principal, limit, after } = filter;
  if (connector !== undefined) requireId(connector);
  if (status !== undefined) {
    if (!Array.isArray(status)) throw unexpected('status', 'a list', valueInWords(status));
    for (const each of status) requireWord('status', each, EXECUTION_STATUSES);
  }
  if (deadLetters !== undefined && typeof deadLetters !== 'boolean')
    throw unexpected('dead_letters', 'true or false', valueInWords(deadLetters));
  for (const [path, text] of Object.entries({ principal, after }))
    if (text !== undefined && (typeof text !== 'string' || text === ''))
      throw unexpected(path, 'text', valueInWords(text));
  if (after !== undefined && !/^[1-9]\d{0,14}$/.test(after))
    throw unexpected('after', '`next` of the page before', quote(after.slice(0, 80)));
  requireLimit(limit, 1000);
  return filter;
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}
