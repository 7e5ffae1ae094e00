import type { Blame, HealthReport, HealthWitness } from '@automate/contract';

/** How a connector was found to be. */
export type Finding =
  | { readonly status: 'healthy'; readonly message: string }
  | { readonly status: 'unhealthy'; readonly message: string; readonly blame: Blame };

/** A finding, with when it was made. */
export type HealthResult = Finding & {
  readonly responseTimeMs: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
};

/** What found it: a health check, a connect (a test, a start), or a call. */
export type Witness = HealthWitness;

const UNKNOWN = { status: 'unknown', message: 'not checked yet' } as const;

/** What is known of one connector's health. */
export class HealthRecord {
  #last: HealthResult | undefined;
  #lastSuccessAt: number | undefined;
  #consecutiveFailures = 0;
  #failedBy: Witness | undefined;
  #useFailed = false;
  #inherited = false;

  /** The record of what takes a connector's place: what was found of the former holds until it was looked at itself. */
  static after(former: HealthRecord | undefined): HealthRecord {
    const record = new HealthRecord();
    if (former === undefined) return record;
    record.#last = former.#last;
    record.#lastSuccessAt = former.#lastSuccessAt;
    record.#consecutiveFailures = former.#consecutiveFailures;
    // Its first connect says more of it than whatever failed of the former.
    record.#failedBy = former.#failedBy === undefined ? undefined : 'connect';
    record.#inherited = former.#last !== undefined;
    return record;
  }

  /** Whether what it says was found of the connector that was here before. */
  get inherited(): boolean {
    return this.#inherited;
  }

  add(result: HealthResult, by: Witness): void {
    this.#inherited = false;
    this.#last = result;
    if (result.status === 'healthy') {
      this.#lastSuccessAt = result.at;
      this.#consecutiveFailures = 0;
      this.#failedBy = undefined;
      this.#useFailed = false;
    } else {
      this.#consecutiveFailures += 1;
      this.#failedBy = by;
      this.#useFailed ||= by !== 'check';
    }
  }

  /** What found the connector unhealthy, where the last finding says so. */
  get failedBy(): Witness | undefined {
    return this.#failedBy;
  }

  /** Whether a connect or a call failed since it was last healthy, which a health check of the kind's own may not notice. */
  get useFailed(): boolean {
    return this.#useFailed;
  }

  #known(): Finding | typeof UNKNOWN {
    const last = this.#last;
    if (last === undefined) return UNKNOWN;
    return this.#inherited ? { ...last, message: `${last.message} (before it was changed; not checked since)` } : last;
  }

  /** The record as a report, with another finding where the connector's state overrules the last one. */
  report(id: string, overruled?: Finding): HealthReport {
    const last = this.#last;
    const finding = overruled ?? this.#known();
    return {
      id,
      status: finding.status,
      healthy: finding.status === 'healthy',
      message: finding.message,
      ...(finding.status === 'unhealthy' ? { blame: finding.blame } : undefined),
      responseTimeMs: overruled === undefined ? (last?.responseTimeMs ?? 0) : 0,
      ...(last === undefined ? undefined : { checkedAt: new Date(last.at).toISOString() }),
      ...(this.#lastSuccessAt === undefined
        ? undefined
        : { lastSuccessAt: new Date(this.#lastSuccessAt).toISOString() }),
      consecutiveFailures: this.#consecutiveFailures,
    };
  }
}
