import type { JsonObject } from '@automate/contract';
import { isJsonObject, MAX_PAYLOAD_BYTES } from '@automate/contract';
import type { LogReceipt } from '@automate/sdk';
import type { FromWorker } from './messages.ts';
import { HOST_LOG_LIMITS, RateLimiter } from './rate-limiter.ts';
import type { WorkerEvents } from './runtime.ts';

type WholeRecord = Pick<Extract<FromWorker, { kind: 'record' }>, 'level' | 'message' | 'fields'>;

/** Every worker keeps its own rate; this keeps all of them together within the host's, and says what was dropped. */
export class LogIntake {
  readonly #events: WorkerEvents;
  readonly #limiter = new RateLimiter(HOST_LOG_LIMITS);
  #dropped = 0;

  constructor(events: WorkerEvents) {
    this.#events = events;
  }

  take(connector: string, record: Extract<FromWorker, { kind: 'log' }>): void {
    const { level, source, message } = record;
    if (!this.#limiter.take(message.length + record.fields.length)) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) {
      const lines = this.#dropped;
      this.#dropped = 0;
      this.#events.onLog({
        connector,
        level: 'warn',
        source: 'host',
        message: `${lines} log lines of all connectors together were dropped: they wrote too many`,
      });
    }
    const writer = source === 'start' ? 'logger' : source;
    this.#events.onLog({ connector, level, source: writer, message, ...parseFields(record.fields) });
  }

  /** A record whose writer asks what became of it is not dropped here: the writer waits instead. */
  async record(connector: string, { level, message, fields }: WholeRecord): Promise<LogReceipt> {
    if (message.length + fields.length > MAX_PAYLOAD_BYTES) return 'too_large';
    return this.#events.onRecord({ connector, level, source: 'logger', message, ...parseFields(fields) });
  }
}

function parseFields(text: string): { readonly fields?: JsonObject } {
  if (text === '') return {};
  try {
    const fields: unknown = JSON.parse(text);
    return isJsonObject(fields) ? { fields } : {};
  } catch {
    return {};
  }
}
