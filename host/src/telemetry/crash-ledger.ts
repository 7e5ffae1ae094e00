import type { BlameEntry, ErrorEnvelope } from '@automate/contract';
import { counted } from './find-faults.ts';
import type { Finding } from './find-faults.ts';

/** The crashes of one version of a connector. */
interface Crashes {
  readonly version: string;
  /** In milliseconds since the epoch. */
  readonly since: number;
  readonly error: ErrorEnvelope;
  readonly at: number;
  readonly count: number;
}

/** Versions of a connector that are remembered. */
const MAX_VERSIONS = 5;

/** An entry without the facts of its connector. */
export type LedgerFinding = Finding & Pick<BlameEntry, 'version' | 'since'>;

/** Remembers what ended workers, and since when what is wrong now has been so. */
export class CrashLedger {
  /** By connector, the latest version last. */
  readonly #crashes = new Map<string, Crashes[]>();
  /** By connector, fault, blame and version: since when, and when it was seen last. */
  readonly #open = new Map<string, { readonly since: number; seenAt: number }>();

  noteCrash(connector: string, error: ErrorEnvelope, version: string): void {
    const at = Date.now();
    const known = this.#crashes.get(connector) ?? [];
    const before = known.find((each) => each.version === version);
    const now = { version, since: before?.since ?? at, error, at, count: (before?.count ?? 0) + 1 };
    this.#crashes.set(connector, [...known.filter((each) => each !== before), now].slice(-MAX_VERSIONS));
  }

  forget(connector: string): void {
    this.#crashes.delete(connector);
    for (const key of this.#open.keys()) if (key.startsWith(`${connector} `)) this.#open.delete(key);
  }

  /** What ended workers of a connector, the latest first. */
  crashesOf(connector: string): readonly LedgerFinding[] {
    const known = this.#crashes.get(connector) ?? [];
    return known.toReversed().map(({ version, since, error, at, count }) => ({
      version,
      fault: 'crashes',
      blame: error.blame,
      since: new Date(since).toISOString(),
      amount: count,
      message: `the worker of "${connector}" died ${count === 1 ? 'once' : counted(count, 'time')}, last at ${new Date(at).toISOString()}: ${error.message}`,
    }));
  }

  /**
   * Since when each finding has held. What was not found for longer than `forMs` had ended in between.
   */
  since(connector: string, version: string, findings: readonly Finding[], forMs: number): readonly LedgerFinding[] {
    const now = Date.now();
    return findings.map((finding) => {
      const key = `${connector} ${finding.fault} ${finding.blame} ${version}`;
      const known = this.#open.get(key);
      const entry = known === undefined || now - known.seenAt > forMs ? { since: now, seenAt: now } : known;
      entry.seenAt = now;
      this.#open.set(key, entry);
      return { ...finding, version, since: new Date(entry.since).toISOString() };
    });
  }
}
