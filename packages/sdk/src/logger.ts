import type { JsonObject } from '@automate/contract';

/** Levels in order of weight. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * What became of a record.
 * - `written`: the host's log has handed it on, whole.
 * - `below_level`: the host does not write records of this level (its LOG_LEVEL).
 * - `too_large`: message and fields are larger than a payload may be, or the fields are not JSON.
 * - `too_many`: the connector has more records on their way than the host keeps; later it will have room again.
 * - `failed`: where the log goes to did not take it.
 */
export type LogReceipt = 'written' | 'below_level' | 'too_large' | 'too_many' | 'failed';

/**
 * Writes records to the host's log, with the connector's id and known secrets removed. Fields must be JSON. What says more
 * than the host has room for is shortened or dropped, and the count of what was dropped is told: a log must not slow calls.
 */
export interface Logger {
  trace(message: string, fields?: JsonObject): void;
  debug(message: string, fields?: JsonObject): void;
  info(message: string, fields?: JsonObject): void;
  warn(message: string, fields?: JsonObject): void;
  error(message: string, fields?: JsonObject): void;
  fatal(message: string, fields?: JsonObject): void;
  /** For records that must not be lost: writes one whole or not at all, and tells once it is known. Never rejects. */
  write(level: LogLevel, message: string, fields?: JsonObject): Promise<LogReceipt>;
}
