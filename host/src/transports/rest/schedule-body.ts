import type { JsonObject, Problem, SetScheduleRequest } from '@automate/contract';
import { InvalidInputError, isJsonObject, quote } from '@automate/contract';
import { parseDuration } from '@automate/contract/schemas';
import { parseJsonText } from './json-text.ts';

const KEYS = ['connector', 'action', 'payload', 'cron', 'time_zone', 'priority', 'run_timeout', 'callback_url'];

/** A request's body as the schedule of this name. What its parts may be is for the service to say. */
export function readScheduleBody(text: string, name: string): SetScheduleRequest {
  const value = text === '' ? {} : parseJsonText(text);
  if (!isJsonObject(value)) throw refused({ path: '', expected: 'an object', received: 'something else' });
  const unknown = Object.keys(value).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    throw refused({ path: unknown.slice(0, 80), expected: `one of ${KEYS.join(', ')}`, received: 'another key' });
  const { connector, action, payload, cron, time_zone: timeZone, priority, run_timeout: runTimeout } = value;
  const { callback_url: callbackUrl } = value;
  if (payload !== undefined && !isJsonObject(payload))
    throw refused({ path: 'payload', expected: 'an object', received: 'something else' });
  const runTimeoutMs = typeof runTimeout === 'string' ? parseDuration(runTimeout) : undefined;
  if (runTimeout !== undefined && runTimeoutMs === undefined)
    throw refused({
      path: 'run_timeout',
      expected: 'a duration such as "30s"',
      received: typeof runTimeout === 'string' ? quote(runTimeout.slice(0, 80)) : typeof runTimeout,
    });
  const given: JsonObject = {
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(priority === undefined ? {} : { priority }),
    ...(payload === undefined ? {} : { payload }),
    ...(runTimeoutMs === undefined ? {} : { runTimeoutMs }),
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
  };
  return { ...given, name, id: connector, action, cron } as unknown as SetScheduleRequest;
}

function refused(problem: Problem): InvalidInputError {
  const { path, expected, received } = problem;
  return new InvalidInputError(`the schedule cannot be set: ${path}: expected ${expected}, received ${received}`, {
    problems: [problem],
  });
}
