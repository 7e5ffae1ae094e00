import type { ConnectorStatus, HealthReport } from '@automate/contract';

/** How many past results are kept for each connector. */
export const HEALTH_HISTORY = 100;

/** One finished probe. */
export interface ProbeResult {
  readonly status: 'healthy' | 'unhealthy';
  readonly message: string;
  readonly responseTimeMs: number;
  /** When the probe ended, in milliseconds since the epoch. */
  readonly at: number;
}

/** What is known of one connector's health. */
export class HealthRecord {
  readonly #results: ProbeResult[] = [];
  #lastSuccessAt: number | undefined;
  #consecutiveFailures = 0;

  add(result: ProbeResult): void {
    this.#results.push(result);
    if (this.#results.length > HEALTH_HISTORY) this.#results.shift();
    if (result.status === 'healthy') {
      this.#lastSuccessAt = result.at;
      this.#consecutiveFailures = 0;
    } else {
      this.#consecutiveFailures += 1;
    }
  }

  get last(): ProbeResult | undefined {
    return this.#results.at(-1);
  }

  /** Oldest first, at most `HEALTH_HISTORY`. */
  get history(): readonly ProbeResult[] {
    return this.#results;
  }

  /** The record as a report, with another status and message where the connector's state overrules the last probe. */
  report(id: string, overruled?: { readonly status: ConnectorStatus; readonly message: string }): HealthReport {
    const last = this.last;
    const status = overruled?.status ?? last?.status ?? 'unknown';
    return {
      id,
      status,
      healthy: status === 'healthy',
      message: overruled?.message ?? last?.message ?? 'not checked yet',
      responseTimeMs: overruled === undefined ? (last?.responseTimeMs ?? 0) : 0,
      ...(last === undefined ? undefined : { checkedAt: new Date(last.at).toISOString() }),
      ...(this.#lastSuccessAt === undefined
        ? undefined
        : { lastSuccessAt: new Date(this.#lastSuccessAt).toISOString() }),
      consecutiveFailures: this.#consecutiveFailures,
    };
  }
}
