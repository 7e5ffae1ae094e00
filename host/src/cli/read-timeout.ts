import { quote } from '@automate/contract';
import { parseDuration } from '@automate/contract/schemas';
import { timeoutRefused } from '@automate/contract/service';
import { CliExit, EXIT } from './cli-context.ts';

/** A duration that somebody typed, in milliseconds; undefined where none was. */
export function readTimeout(option: string, text: string | undefined): number | undefined {
  const ms = text === undefined ? undefined : parseDuration(text);
  if (text === undefined || ms !== undefined) return ms;
  const message = `${option}: expected a duration such as 30s, received ${quote(text)}`;
  throw new CliExit(EXIT.usage, message, timeoutRefused(text));
}
