import type { JsonObject } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import type { FromWorker } from './messages.ts';
import { HOST_LOG_LIMITS, RateLimiter } from './rate-limiter.ts';
import type { WorkerEvents } from './runtime.ts';

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
    const fields = parseFields(record.fields);
    this.#events.onLog({ connector, level, source, message, ...(fields === undefined ? {} : { fields }) });
  }
}

function parseFields(text: string): JsonObject | undefined {
  if (text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
