import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { pino } from 'pino';
import type { HostLogLevel } from '../host-settings.ts';

export type LogFields = Readonly<Record<string, unknown>>;

/** The host's log. Fields come first, as pino has them; every line is scrubbed of known secrets before it leaves. */
export interface HostLog {
  trace(fields: LogFields, message: string): void;
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  fatal(fields: LogFields, message: string): void;
}

export interface HostLogOptions {
  readonly level: HostLogLevel;
  readonly format: 'pretty' | 'json';
  /** Where the lines go. It is not closed. */
  readonly destination: Writable;
  /** Removes known secrets from a line. */
  scrub(line: string): string;
}

/** Opens the log. `flush` resolves when everything written so far has been handed to the destination. */
export async function openHostLog(options: HostLogOptions): Promise<HostLog & { flush(): Promise<void> }> {
  const { destination, scrub } = options;
  const write = options.format === 'pretty' ? await prettify(destination) : (line: string) => destination.write(line);
  const log = pino(
    { level: options.level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    { write: (line: string) => void write(scrub(line)) },
  );
  return Object.assign(log, {
    flush: async (): Promise<void> => {
      if (destination.writableNeedDrain) await once(destination, 'drain');
    },
  });
}

async function prettify(destination: Writable): Promise<(line: string) => void> {
  // Loaded only where people read the log: it costs a tenth of the host's start.
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ colorize: supportsColour(destination), ignore: 'pid,hostname', translateTime: 'HH:MM:ss', singleLine: true });
  return (line) => void destination.write(pretty(line));
}

function supportsColour(destination: Writable & { readonly hasColors?: () => boolean }): boolean {
  return destination.hasColors?.() === true;
}
