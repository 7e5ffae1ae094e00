import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import type { LogReceipt } from '@automate/sdk';
import type * as Pino from 'pino';
import type { HostLogLevel } from '../host-settings.ts';
import { LOG_LEVELS } from '../host-settings.ts';

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

/** A log that can tell what became of a record. */
export interface OpenedHostLog extends HostLog {
  /** Writes a record, and tells once the destination has taken it, or will not. */
  write(level: WrittenLevel, fields: LogFields, message: string): Promise<LogReceipt>;
  /** Resolves when everything written so far has been handed to the destination. */
  flush(): Promise<void>;
}

type WrittenLevel = Exclude<HostLogLevel, 'silent'>;
type Written = ((error?: Error | null) => void) | undefined;

/** Opens the log. */
export async function openHostLog(options: HostLogOptions): Promise<OpenedHostLog> {
  const { destination, scrub } = options;
  const shape = options.format === 'pretty' ? await prettify(destination) : (line: string) => line;
  // The callback of the line that is being written; lines are written one after the other.
  let written: Written;
  // Loaded with the first line, so that a silent start does not pay for it; by `require`, since writing a line is synchronous.
  let opened: HostLog | undefined;
  const open = (): HostLog => {
    const { pino } = createRequire(import.meta.url)('pino') as typeof Pino;
    return pino(
      {
        level: options.level,
        base: undefined,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      { write: (line: string) => void destination.write(shape(scrub(line)), written) },
    );
  };
  const threshold = LOG_LEVELS.indexOf(options.level);
  const isWritten = (level: WrittenLevel): boolean => LOG_LEVELS.indexOf(level) >= threshold;
  const logAt = (level: WrittenLevel) => (fields: LogFields, message: string) => {
    if (isWritten(level)) (opened ??= open())[level](fields, message);
  };
  const log: HostLog = {
    trace: logAt('trace'),
    debug: logAt('debug'),
    info: logAt('info'),
    warn: logAt('warn'),
    error: logAt('error'),
    fatal: logAt('fatal'),
  };
  return Object.assign(log, {
    write: (level: WrittenLevel, fields: LogFields, message: string) =>
      isWritten(level)
        ? new Promise<LogReceipt>((resolve) => {
            written = (error) => resolve(error === undefined || error === null ? 'written' : 'failed');
            try {
              log[level](fields, message);
            } catch {
              resolve('failed');
            } finally {
              written = undefined;
            }
          })
        : Promise.resolve<LogReceipt>('below_level'),
    flush: async (): Promise<void> => {
      if (destination.writableNeedDrain) await once(destination, 'drain');
    },
  });
}

async function prettify(destination: Writable): Promise<(line: string) => string> {
  // Loaded only where people read the log: it costs a tenth of the host's start.
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({
    colorize: supportsColour(destination),
    ignore: 'pid,hostname',
    translateTime: 'HH:MM:ss',
    singleLine: true,
  });
  return (line) => pretty(line) ?? '';
}

function supportsColour(destination: Writable & { readonly hasColors?: () => boolean }): boolean {
  return destination.hasColors?.() === true;
}
