/** Durations as the configuration writes them: hours, minutes, seconds, milliseconds, in that order, each at most once. */
export const DURATION_PATTERN = /^(?=\d)(?:\d{1,9}h)?(?:\d{1,9}m(?!s))?(?:\d{1,9}s)?(?:\d{1,9}ms)?$/;

/** Longest duration that a configuration may ask for: a day. Timers of much more than that overflow. */
export const MAX_DURATION_MS = 24 * 60 * 60 * 1000;

const PART = /(\d+)(ms|h|m|s)/g;
const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Milliseconds of a text such as `250ms`, `30s` or `1m30s`; undefined when it is none. A number without a unit is none. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION_PATTERN.test(text)) return undefined;
  let ms = 0;
  for (const [, digits, unit] of text.matchAll(PART)) ms += Number(digits) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
  return ms;
}

/** The shortest text that `parseDuration` reads as these milliseconds: 90000 is `1m30s`. Takes whole numbers from 0. */
export function formatDuration(ms: number): string {
  if (!Number.isSafeInteger(ms) || ms < 0)
    throw new RangeError(`a duration is a whole number of milliseconds, not ${ms}`);
  let rest = ms;
  let text = '';
  for (const [unit, size] of Object.entries(UNIT_MS)) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text === '' ? '0s' : text;
}

/** The same for times beyond a day: `90d`, or whatever `parseDuration` reads. */
export function parseLongDuration(text: string): number | undefined {
  const [, days] = /^(\d{1,5})d$/.exec(text) ?? [];
  return days === undefined ? parseDuration(text) : Number(days) * 24 * 60 * 60 * 1000;
}
