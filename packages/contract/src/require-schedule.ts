import { numberInWords, requireWhole, unexpected, valueInWords } from './common-errors.ts';
import { PROFILE_NAME_PATTERN } from './connector.ts';
import { quote } from './quote.ts';
import { requireStart } from './require-execution.ts';
import type { SetScheduleRequest } from './schedule-operations.ts';

/** Longest text of a cron expression or of the name of a zone. */
const MAX_TEXT = 200;

/** Gives it back. Throws for what cannot be a schedule; whether its times can be read is for the service to say. */
export function requireSchedule<Request extends SetScheduleRequest & { readonly payload: string }>(
  request: Request,
): Request {
  requireStart(request);
  const { name, cron, timeZone } = request;
  requireScheduleName(name);
  requireText('cron', cron, 'five fields such as "0 9 * * 1-5"');
  if (timeZone !== undefined) requireText('time_zone', timeZone, 'the name of a zone such as "Europe/Berlin"');
  return request;
}

/** The name of a schedule, where it can be one. */
export function requireScheduleName(name: unknown): string {
  if (typeof name === 'string' && PROFILE_NAME_PATTERN.test(name)) return name;
  const expected = 'up to 63 letters, digits, "_", "." or "-", beginning with a letter or digit';
  throw unexpected('name', expected, inWords(name));
}

function requireText(path: string, text: unknown, expected: string): void {
  if (typeof text !== 'string' || text.trim() === '' || text.length > MAX_TEXT)
    throw unexpected(path, expected, inWords(text));
  requireWhole(path, text);
}

function inWords(value: unknown): string {
  if (typeof value === 'string' && value !== '') return quote(value.slice(0, 80));
  return typeof value === 'number' ? numberInWords(value) : valueInWords(value);
}
