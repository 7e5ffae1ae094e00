import { quote } from '@automate/contract';
import { isDay } from '@automate/contract/service';
import { parseLongDuration } from '@automate/contract/schemas';
import { CliExit, EXIT } from './cli-context.ts';

/** A moment that somebody typed, as a time or as so long ago or from now, in milliseconds since 1970. */
export function readMoment(option: string, text: string, way: 'ago' | 'from now'): number {
  const long = parseLongDuration(text);
  const moment = long === undefined ? Date.parse(text) : Date.now() + (way === 'ago' ? -long : long);
  if (!Number.isNaN(moment) && (long !== undefined || isDay(text.slice(0, 10)))) return moment;
  throw new CliExit(
    EXIT.usage,
    `${option}: expected a time such as 5m, 2026-01-31 or 2026-01-31T09:00:00Z, received ${quote(text)}`,
  );
}
