import type { HealthFinding } from '@automate/contract';
import type { HealthHistoryStore, KeptFinding } from '../store/health-history-store.ts';
import { KEPT_FINDINGS } from '../store/health-history-store.ts';
import type { HealthResult, Witness } from './health-record.ts';

/** How long findings are gathered before they are written, in milliseconds. */
const GATHER_MS = 1_000;
/** Findings that wait while they cannot be written; beyond, the oldest are lost. */
const MOST_WAITING = 10_000;

export interface HealthHistoriesOptions {
  readonly store: HealthHistoryStore;
  /** The id of this host; empty where it shares no store. */
  readonly host: string;
  /** Whether what is found here outlives this host. */
  readonly keeps: boolean;
  /** Whether no other host lives that shares the store. */
  isAlone(): boolean;
  onFault(fault: unknown, during: string): void;
}

/**
 * The last findings of each connector's health, whichever worker, configuration and host it had. Finding costs no write: what was found in
 * a second is written at once.
 */
export class HealthHistories {
  readonly #options: HealthHistoriesOptions;
  /** Of this host, for when the store is lost. */
  readonly #own = new Map<string, HealthFinding[]>();
  #waiting: KeptFinding[] = [];
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isFailing = false;

  constructor(options: HealthHistoriesOptions) {
    this.#options = options;
  }

  add(connector: string, { at, ...result }: HealthResult, by: Witness): void {
    const finding: HealthFinding = { at: new Date(at).toISOString(), ...result, by };
    const own = this.#own.get(connector) ?? [];
    this.#own.set(connector, own);
    own.push(finding);
    if (own.length > KEPT_FINDINGS) own.shift();
    const { host, keeps } = this.#options;
    if (!keeps) return;
    this.#waiting.push({ connector, host, finding });
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
    this.#timer ??= setTimeout(() => void this.#write(), GATHER_MS).unref();
  }

  /** The oldest first. While the store is lost, what this host has found. */
  async list(connector: string): Promise<readonly HealthFinding[]> {
    const { store, host: own, isAlone, keeps } = this.#options;
    await this.#write();
    const kept = await store.list(connector).catch((): readonly KeptFinding[] => []);
    const found = this.#own.get(connector) ?? [];
    const isMissing = this.#waiting.some((each) => each.connector === connector);
    if (kept.length === 0 || isMissing) return [...found];
    const isOwn = isAlone() && kept.every(({ host }) => host === own);
    const told = kept.map(({ host, finding }) => (isOwn || host === '' ? finding : { ...finding, host }));
    return keeps ? told : [...told, ...found].slice(-KEPT_FINDINGS);
  }

  /** Lets go of what was found of a connector that is gone. */
  forget(connector: string): void {
    this.#own.delete(connector);
    this.#waiting = this.#waiting.filter((each) => each.connector !== connector);
    const { store, keeps, onFault } = this.#options;
    if (keeps)
      (this.#writing ?? Promise.resolve())
        .then(() => store.forget(connector))
        .catch((fault: unknown) => onFault(fault, `how "${connector}" was is forgotten`));
  }

  /** Writes what waits, unless that fails. */
  async close(): Promise<void> {
    await this.#write();
    clearTimeout(this.#timer);
  }

  /** Writes all that waits. What cannot be written goes on waiting, and is told once. */
  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    const findings = this.#waiting;
    if (findings.length === 0) {
      await this.#writing;
      return;
    }
    this.#waiting = [];
    const { store, onFault } = this.#options;
    this.#writing = store
      .add(findings)
      .then(() => void (this.#isFailing = false))
      .catch((fault: unknown) => {
        if (!this.#isFailing) onFault(fault, 'how connectors were was stored');
        this.#isFailing = true;
        this.#waiting = [...findings, ...this.#waiting].slice(-MOST_WAITING);
        this.#timer ??= setTimeout(() => void this.#write(), GATHER_MS).unref();
      })
      .finally(() => (this.#writing = undefined));
    await this.#writing;
  }
}
