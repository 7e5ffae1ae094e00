import type { JsonObject } from '@automate/contract';

/** Levels in order of weight. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes records to the host's log, with the connector's id and known secrets removed. Fields must be JSON. */
export interface Logger {
  trace(message: string, fields?: JsonObject): void;
  debug(message: string, fields?: JsonObject): void;
  info(message: string, fields?: JsonObject): void;
  warn(message: string, fields?: JsonObject): void;
  error(message: string, fields?: JsonObject): void;
  fatal(message: string, fields?: JsonObject): void;
}
