import { InvalidInputError, quote } from '@automate/contract';
import { Cron } from 'croner';

/** The times of a cron expression in a time zone. One whose hour a change of clocks leaves out comes when the clocks have changed, one whose hour comes twice comes once. */
export interface CronTimes {
  /** The first after this moment, in milliseconds since the epoch; undefined: there is none. */
  after(moment: number): number | undefined;
  /** The last up to this moment. */
  upTo(moment: number): number | undefined;
}

/** @throws InvalidInputError for what is no expression or no zone, or comes never */
export function cronTimes(cron: string, timeZone: string): CronTimes {
  requireZone(timeZone);
  let times: Cron;
  try {
    times = new Cron(cron.trim(), { timezone: timeZone, mode: '5-part', paused: true });
  } catch (reason) {
    const said = reason instanceof Error ? reason.message.replace(/^CronPattern: /, '') : String(reason);
    throw unreadable('cron', 'five fields such as "0 9 * * 1-5"', cron, said);
  }
  if (times.nextRun() === null) throw unreadable('cron', 'times that come', cron, 'there is no such day');
  return {
    after: (moment) => times.nextRun(new Date(moment))?.getTime(),
    // Those before a moment are without the one at that moment.
    upTo: (moment) =>
      times
        .previousRuns(2, new Date(moment + 1_000))
        .map((run) => run.getTime())
        .find((run) => run <= moment),
  };
}

/** The zone of this host. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function requireZone(timeZone: string): void {
  try {
    Intl.DateTimeFormat('en', { timeZone });
  } catch {
    throw unreadable('time_zone', 'the name of a zone such as "Europe/Berlin"', timeZone, 'there is none of that name');
  }
}

function unreadable(path: string, expected: string, given: string, why: string): InvalidInputError {
  const received = quote(given.slice(0, 80));
  return new InvalidInputError(`${path}: expected ${expected}, received ${received}: ${why}`, {
    problems: [{ path, expected, received }],
  });
}
