import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ConnectorDescription, Outcome } from '@automate/contract';
import type {
  ConnectorWorker,
  WorkerCall,
  WorkerConfig,
  WorkerLevel,
  WorkerState,
  WorkerStats,
  WorkerWait,
} from '../runtime/runtime.ts';

export interface RenewableWorkerOptions<Entry> {
  /** What it runs, which may become another in what references lead to and in its profile. */
  readonly entry: Entry;
  resolve(entry: Entry, description: ConnectorDescription): Promise<WorkerConfig>;
  /** How long the adapter may take to use other secrets, in milliseconds. */
  readonly takeWithinMs: number;
  /** Told why it starts again, where its adapter was to take other secrets and did not. */
  warn(message: string): void;
  /** Makes the worker, which resolves by the function that it is given. */
  make(resolve: (description: ConnectorDescription) => Promise<WorkerConfig>): ConnectorWorker;
}

/** What a worker was given: what an adapter can take without a new start, and the rest. Each differs where the worker would be given something else. */
interface Given {
  readonly live: string;
  readonly rest: string;
}

/** How long calls under way and the adapter's closing may take when a worker starts again with other secrets, in milliseconds. */
const RENEWAL_MS = 15_000;

/**
 * A worker whose secrets can be doubted. References are resolved at every start; but a worker that runs, or waits to connect, keeps what
 * it was given until somebody says that it may be out of date. Then its adapter is given what is new where it takes that, and else it
 * starts again.
 */
export class RenewableWorker<Entry = unknown> implements ConnectorWorker {
  readonly #options: RenewableWorkerOptions<Entry>;
  readonly #worker: ConnectorWorker;
  #entry: Entry;
  /** Tells whether what it was given is still what references lead to. */
  #given: Given | undefined;
  #doubted = false;
  #renewing: Promise<void> | undefined;

  constructor(options: RenewableWorkerOptions<Entry>) {
    this.#options = options;
    this.#entry = options.entry;
    this.#worker = options.make(async (description) => {
      const resolved = await this.#resolve(description);
      this.#given = await fingerprint(resolved);
      return resolved;
    });
  }

  get id(): string {
    return this.#worker.id;
  }

  /** Its secrets may be out of date: before it is used again references are resolved anew, and where they lead to something else it starts again. */
  doubt(): void {
    this.#doubted = true;
  }

  /** While it is doubted it is not ready, so that whoever wants to use it asks `ensure` first. */
  state(): WorkerState {
    const state = this.#worker.state();
    return this.#isUnsure && state.phase === 'running' && state.level === 'ready'
      ? { ...state, level: 'initialized' }
      : state;
  }

  async ensure(level: WorkerLevel, wait: WorkerWait): Promise<ConnectorDescription> {
    if (this.#isUnsure) await this.#renewOnce();
    return this.#worker.ensure(level, wait);
  }

  /** `doubt`, and references are resolved anew at once, as it may be at work by itself. What fails then is told to whoever uses it next. */
  renew(): void {
    this.doubt();
    // Once more, where it was doubted again while it was renewed for an earlier doubt.
    this.#renewOnce()
      .then(() => (this.#doubted ? this.#renewOnce() : undefined))
      .catch(() => undefined);
  }

  /** `renew`, to what another entry resolves to. */
  adopt(entry: Entry): void {
    this.#entry = entry;
    this.renew();
  }

  get takesSecrets(): boolean {
    return this.#worker.takesSecrets;
  }

  stats(): WorkerStats {
    return this.#worker.stats();
  }

  use(): ReturnType<ConnectorWorker['use']> {
    return this.#worker.use();
  }

  description(): ConnectorDescription | undefined {
    return this.#worker.description();
  }

  call(call: WorkerCall): Promise<Outcome<string>> {
    return this.#worker.call(call);
  }

  reset(): void {
    this.#worker.reset();
  }

  stopUnused(forMs: number): void {
    this.#worker.stopUnused(forMs);
  }

  stop(options?: { readonly graceMs?: number }): Promise<void> {
    return this.#worker.stop(options);
  }

  close(options?: { readonly graceMs?: number }): Promise<void> {
    return this.#worker.close(options);
  }

  get #isUnsure(): boolean {
    return this.#doubted || this.#renewing !== undefined;
  }

  #renewOnce(): Promise<void> {
    return (this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    }));
  }

  async #renew(): Promise<void> {
    const description = this.#worker.description();
    const { phase } = this.#worker.state();
    // It has resolved already, or is about to: whoever uses it next looks again.
    if (phase === 'starting') return;
    // Before anything is read, so that who doubts from now on is heard.
    this.#doubted = false;
    // Otherwise the next start resolves by itself.
    if (phase !== 'running' || description === undefined || this.#given === undefined) return;
    try {
      const resolved = await this.#resolve(description);
      const now = await fingerprint(resolved);
      if (now.live === this.#given.live && now.rest === this.#given.rest) return;
      if (now.rest === this.#given.rest && (await this.#isTaken(resolved))) this.#given = now;
      else await this.#worker.stop({ graceMs: RENEWAL_MS });
    } catch (error) {
      this.#doubted = true;
      throw error;
    }
  }

  #resolve(description: ConnectorDescription): Promise<WorkerConfig> {
    return this.#options.resolve(this.#entry, description);
  }

  /** Whether the adapter took what is new. */
  async #isTaken(resolved: WorkerConfig): Promise<boolean> {
    if (!this.#worker.takesSecrets) return false;
    const { takeWithinMs, warn } = this.#options;
    const outcome = await this.#worker.call({
      op: 'renew',
      action: '',
      payload: JSON.stringify(resolved),
      deadline: Date.now() + takeWithinMs,
    });
    if (!outcome.ok)
      warn(`starts again, once calls under way have ended, as it did not take new secrets: ${outcome.error.message}`);
    return outcome.ok;
  }
}

/** The second part differs as well where the worker would read other keys and certificates. */
async function fingerprint({ config, settings, profile, ...rest }: WorkerConfig): Promise<Given> {
  const { auth, metadata, basePath, settings: own, ...fixed } = config;
  const { caFile, certFile, keyFile } = config.tls ?? {};
  const files = [caFile, certFile, keyFile].filter((file) => file !== undefined);
  const contents = await Promise.all(files.map((file) => readFile(file).catch(() => '')));
  return {
    live: hashOf([JSON.stringify({ auth, metadata, basePath, own, settings, profile })]),
    rest: hashOf([JSON.stringify({ ...rest, fixed }), ...contents]),
  };
}

function hashOf(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('base64');
}
