import type { HealthFinding } from '@automate/contract';
import type { HealthResult, Witness } from './health-record.ts';

/** How many findings are kept of one connector: two hours of checks at the default interval. */
const KEPT = 240;

/** The last findings of one connector's health, whichever worker and configuration it had. */
export class HealthHistory {
  readonly #findings: HealthFinding[] = [];

  add({ at, ...result }: HealthResult, by: Witness): void {
    this.#findings.push({ at: new Date(at).toISOString(), ...result, by });
    if (this.#findings.length > KEPT) this.#findings.shift();
  }

  /** The oldest first. */
  list(): readonly HealthFinding[] {
    return [...this.#findings];
  }
}
