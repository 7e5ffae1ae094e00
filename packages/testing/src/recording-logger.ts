import type { JsonObject, Logger, LogLevel } from '@automate/sdk';
import { LOG_LEVELS } from '@automate/sdk';

export interface LogRecord {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: JsonObject;
}

/** A logger that keeps what it is given. */
export interface RecordingLogger extends Logger {
  /** In order of time. */
  readonly records: readonly LogRecord[];
  clear(): void;
}

export function createRecordingLogger(): RecordingLogger {
  const records: LogRecord[] = [];
  const write =
    (level: LogLevel) =>
    (message: string, fields: JsonObject = {}) =>
      void records.push({ level, message, fields });
  const methods = Object.fromEntries(LOG_LEVELS.map((level) => [level, write(level)])) as unknown as Logger;
  const kept: Logger['write'] = (level, message, fields) => {
    write(level)(message, fields);
    return Promise.resolve('written');
  };
  return { ...methods, write: kept, records, clear: () => void records.splice(0) };
}
