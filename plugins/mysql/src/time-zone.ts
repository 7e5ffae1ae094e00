/** A time zone as the server knows it: the moments, in seconds since 1970, from which its clocks are so far ahead of UTC. */
export type TimeZone = readonly { readonly since: number; readonly ahead: number }[];

const WEEK = 604_800;
/** All known changes of offset since 1970 fall on such a step. */
const QUARTER = 900;
/** Up to 2106, where the server's TIMESTAMP ends at the latest. */
const WEEKS = 7101;

const digits = Array.from({ length: 10 }, (_, digit) => `SELECT ${digit} AS n`).join(' UNION ALL ');
const places = (count: number): string =>
  Array.from({ length: count }, (_, place) => `(${digits}) d${place}`).join(' CROSS JOIN ');
const number = (count: number): string =>
  Array.from({ length: count }, (_, place) => `d${place}.n * ${10 ** place}`).join(' + ');
const aheadAt = (t: string): string => `TIMESTAMPDIFF(SECOND, '1970-01-01', FROM_UNIXTIME(${t})) - (${t})`;

const CHANGING_WEEKS = `
  SELECT t FROM (SELECT ${WEEK} * (${number(4)}) AS t FROM ${places(4)}) week
  WHERE t < ${WEEKS * WEEK} AND ${aheadAt('t')} <> ${aheadAt(`t + ${WEEK}`)}`;
const changesIn = (weeks: readonly number[]): string => `
  SELECT t AS since, ${aheadAt('t')} AS ahead FROM (
    SELECT week.t + ${QUARTER} * (${number(3)}) AS t
    FROM (${weeks.map((week) => `SELECT ${week} AS t`).join(' UNION ALL ')}) week CROSS JOIN ${places(3)}
  ) moment WHERE ${aheadAt('t')} <> ${aheadAt(`t - ${QUARTER}`)} GROUP BY t ORDER BY t`;

/**
 * The session's time zone. The server is asked for it: the zone of its machine has no name, and its tables may differ
 * from ours. It answers in some hundredths of a second.
 */
export async function readTimeZone(ask: (sql: string) => Promise<readonly unknown[]>): Promise<TimeZone> {
  const start = await ask(`SELECT 0 AS since, ${aheadAt('0')} AS ahead`);
  const weeks = (await ask(CHANGING_WEEKS)) as readonly { readonly t: number }[];
  const changes = weeks.length === 0 ? [] : await ask(changesIn(weeks.map(({ t }) => Number(t))));
  const rows = [...start, ...changes] as readonly { readonly since: unknown; readonly ahead: unknown }[];
  return rows.map(({ since, ahead }) => ({ since: Number(since), ahead: Number(ahead) }));
}

/** A zone that the server itself gives as an offset, or that is known to have none; undefined for all others. */
export function fixedTimeZone(name: string, machine: string): TimeZone | undefined {
  const own = name === 'SYSTEM' ? machine : name;
  if (/^(?:UTC|GMT|Etc\/UTC)$/i.test(own)) return [{ since: 0, ahead: 0 }];
  const [, sign, hours = '', minutes = ''] = /^([+-])(\d\d):(\d\d)$/.exec(own) ?? [];
  if (sign === undefined) return undefined;
  return [{ since: 0, ahead: (Number(hours) * 3600 + Number(minutes) * 60) * (sign === '-' ? -1 : 1) }];
}

const LOCAL = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?$/;
const INSTANT = /^(\d{4}-\d\d-\d\d)[ Tt](\d\d:\d\d(?::\d\d)?)(\.\d{1,6})?([Zz]|[+-]\d\d:?\d\d)$/;

/**
 * A moment in the server's words as ISO 8601: in UTC with `Z`, or without any zone if it is no moment (zero dates) or
 * one of the two that a clock that is set back shows alike.
 */
export function toInstant(zone: TimeZone, local: string): string {
  const [, date = '', time = '', fraction = ''] = LOCAL.exec(local) ?? [];
  const seconds = Date.parse(`${date}T${time}Z`) / 1000;
  const [only, ...others] = offsetsAt(zone, seconds);
  if (only === undefined || others.length > 0) return local.replace(' ', 'T');
  return `${isoOf(seconds - only)}${fraction}Z`;
}

/**
 * A moment in ISO 8601, with `Z` or an offset, in the server's words; undefined for any other text, and for a moment
 * that local time cannot tell from another.
 */
export function fromInstant(zone: TimeZone, instant: string): string | undefined {
  const [, date, time, fraction = '', offset = ''] = INSTANT.exec(instant) ?? [];
  // A day that does not exist would become another one.
  if (date === undefined || !isoOf(Date.parse(date) / 1000).startsWith(date)) return undefined;
  const seconds = Date.parse(`${date}T${time}${offset.toUpperCase()}`) / 1000;
  const ahead = zone.findLast(({ since }) => since <= seconds)?.ahead;
  if (ahead === undefined || offsetsAt(zone, seconds + ahead).length !== 1) return undefined;
  return `${isoOf(seconds + ahead).replace('T', ' ')}${fraction}`;
}

export const isInstant = (text: string): boolean => INSTANT.test(text);

/** How far local clocks that show this may be ahead of UTC. */
function offsetsAt(zone: TimeZone, seconds: number): number[] {
  return zone
    .filter(({ since, ahead }, index) => {
      const moment = seconds - ahead;
      return moment >= since && moment < (zone[index + 1]?.since ?? Number.POSITIVE_INFINITY);
    })
    .map(({ ahead }) => ahead);
}

function isoOf(seconds: number): string {
  return Number.isNaN(seconds) ? '' : new Date(seconds * 1000).toISOString().slice(0, 19);
}
