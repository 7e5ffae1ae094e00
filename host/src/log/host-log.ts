import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import type { LineLevel } from '@automate/contract';
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
  /** Hears of each line that is written, as one JSON object without known secrets, and which connector it is about. */
  onLine?(line: string, level: LineLevel, connector: string | undefined): void;
}

/** A log that can tell what became of a record. */
export interface OpenedHostLog extends HostLog {
  /** Writes a record, and tells once the destination has taken it, or will not. */
  write(level: LineLevel, fields: LogFields, message: string): Promise<LogReceipt>;
  /** Whether a line about this connector would be written. */
  writes(level: LineLevel, connector: string): boolean;
  /** From now on lines about this connector are written from this level on; undefined: from that of the log. */
  setLevel(connector: string, level: LineLevel | undefined): void;
  /** Resolves when everything written so far has been handed to the destination. */
  flush(): Promise<void>;
}

type Written = ((error?: Error | null) => void) | undefined;

/** Opens the log. */
export async function openHostLog(options: HostLogOptions): Promise<OpenedHostLog> {
  const { destination, scrub, onLine } = options;
  const shape = options.format === 'pretty' ? await prettify(destination) : (line: string) => line;
  // The callback of the line that is being written; lines are written one after the other.
  let written: Written;
  // What it is about.
  let level: LineLevel = 'info';
  let connector: string | undefined;
  // Loaded with the first line, so that a silent start does not pay for it; by `require`, since writing a line is synchronous.
  let opened: HostLog | undefined;
  const open = (): HostLog => {
    const { pino } = createRequire(import.meta.url)('pino') as typeof Pino;
    return pino(
      {
        // What is written is decided below.
        level: 'trace',
        base: undefined,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      {
        write(line: string) {
          const clean = scrub(line);
          onLine?.(clean, level, connector);
          destination.write(shape(clean), written);
        },
      },
    );
  };
  const general = LOG_LEVELS.indexOf(options.level);
  const levels = new Map<string, number>();
  const isWritten = (at: LineLevel, about: unknown): boolean =>
    LOG_LEVELS.indexOf(at) >= (levels.size === 0 ? general : (levels.get(about as string) ?? general));
  const logAt = (at: LineLevel) => (fields: LogFields, message: string) => {
    const about = fields['connector'];
    if (!isWritten(at, about)) return;
    level = at;
    connector = typeof about === 'string' ? about : undefined;
    (opened ??= open())[at](fields, message);
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
    write: (at: LineLevel, fields: LogFields, message: string) =>
      isWritten(at, fields['connector'])
        ? new Promise<LogReceipt>((resolve) => {
            written = (error) => resolve(error === undefined || error === null ? 'written' : 'failed');
            try {
              log[at](fields, message);
            } catch {
              resolve('failed');
            } finally {
              written = undefined;
            }
          })
        : Promise.resolve<LogReceipt>('below_level'),
    writes: isWritten,
    setLevel(about: string, at: LineLevel | undefined) {
      if (at === undefined) levels.delete(about);
      else levels.set(about, LOG_LEVELS.indexOf(at));
    },
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
