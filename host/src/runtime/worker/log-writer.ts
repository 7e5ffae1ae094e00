import type { JsonObject } from '@automate/contract';
import { clipText, MAX_PAYLOAD_BYTES } from '@automate/contract';
import type { Logger, LogLevel, LogReceipt } from '@automate/sdk';
import type { LogSource } from '../messages.ts';
import { LINE_LENGTH } from '../bounds.ts';
import { CONNECTOR_LOG_LIMITS, RateLimiter } from '../rate-limiter.ts';
import { boundedEncode } from './bounded-encode.ts';
import { natives } from './natives.ts';
import type { Uplink } from './uplink.ts';

const FIELD_LIMITS = { bytes: LINE_LENGTH, depth: 8 } as const;
/** How often at most the count of dropped lines is told. */
const REPORT_EVERY_MS = 250;

/** All that a connector writes leaves through here, within its rate; what is beyond is counted, and the count is told. */
export class LogWriter {
  readonly #uplink: Uplink;
  readonly #limiter = new RateLimiter(CONNECTOR_LOG_LIMITS, natives.now);
  #dropped = 0;
  #reporting = false;
  readonly #waiting = new Map<number, (receipt: LogReceipt) => void>();
  #lastRecord = 0;

  constructor(uplink: Uplink) {
    this.#uplink = uplink;
  }

  write(level: LogLevel, source: LogSource, message: string, fields = ''): void {
    const line = clipText(message, LINE_LENGTH);
    const bytes = line.length + fields.length;
    if (this.#limiter.take(bytes)) {
      this.#uplink.send({ kind: 'log', level, source, message: line, fields }, bytes);
    } else {
      this.#dropped += 1;
      this.#reportLater();
    }
  }

  /** Counts dropped lines that were never formatted. */
  drop(lines: number): void {
    this.#dropped += lines;
    this.#reportLater();
  }

  /** Sends a record whole, and waits for what the host says of it. */
  record(level: LogLevel, message: string, fields?: JsonObject): Promise<LogReceipt> {
    let text = '';
    if (message.length > MAX_PAYLOAD_BYTES) return Promise.resolve('too_large');
    try {
      if (fields !== undefined) text = boundedEncode(fields);
    } catch {
      return Promise.resolve('too_large');
    }
    const id = (this.#lastRecord += 1);
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#uplink.send({ kind: 'record', id, level, message, fields: text }, message.length + text.length);
    });
  }

  /** What became of a record. */
  receipt(id: number, receipt: LogReceipt): void {
    this.#waiting.get(id)?.(receipt);
    this.#waiting.delete(id);
  }

  logger(): Logger {
    const at =
      (level: LogLevel) =>
      (message: string, fields?: JsonObject): void => {
        this.write(level, 'logger', toText(message), fields === undefined ? '' : encodeFields(fields));
      };
    return {
      trace: at('trace'),
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      fatal: at('fatal'),
      write: (level, message, fields) => this.record(level, toText(message), fields),
    };
  }

  #reportLater(): void {
    if (this.#reporting) return;
    this.#reporting = true;
    natives
      .setTimeout(() => {
        this.#reporting = false;
        const count = this.#dropped;
        this.#dropped = 0;
        if (count > 0) this.#uplink.send({ kind: 'dropped-lines', count }, 0);
      }, REPORT_EVERY_MS)
      .unref();
  }
}

function toText(message: unknown): string {
  try {
    return typeof message === 'string' ? message : String(message);
  } catch {
    return 'a message that cannot be shown';
  }
}

function encodeFields(fields: JsonObject): string {
  try {
    return boundedEncode(fields, FIELD_LIMITS);
  } catch {
    return '{"fields":"not shown: too large, or not JSON"}';
  }
}
