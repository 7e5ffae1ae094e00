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

type Resolve = (description: ConnectorDescription) => Promise<WorkerConfig>;

/** How long calls under way and the adapter's closing may take when a worker starts again with other secrets, in milliseconds. */
const RENEWAL_MS = 15_000;

/**
 * A worker whose secrets can be doubted. References are resolved at every start; but a worker that runs, or waits to connect, keeps what
 * it was given until somebody says that it may be out of date.
 */
export class RenewableWorker implements ConnectorWorker {
  readonly #worker: ConnectorWorker;
  readonly #resolve: Resolve;
  /** Tells whether what it was given is still what references lead to. */
  #given: string | undefined;
  #doubted = false;
  #renewing: Promise<void> | undefined;

  /** @param make makes the worker, which resolves by the function that it is given */
  constructor(make: (resolve: Resolve) => ConnectorWorker, resolve: Resolve) {
    this.#resolve = resolve;
    this.#worker = make(async (description) => {
      const resolved = await resolve(description);
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
    this.#renewOnce().catch(() => undefined);
  }

  stats(): WorkerStats {
    return this.#worker.stats();
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
      const now = await fingerprint(await this.#resolve(description));
      if (now !== this.#given) await this.#worker.stop({ graceMs: RENEWAL_MS });
    } catch (error) {
      this.#doubted = true;
      throw error;
    }
  }
}

/** Differs when a worker would be given something else, or would read other keys and certificates. */
async function fingerprint(resolved: WorkerConfig): Promise<string> {
  const { caFile, certFile, keyFile } = resolved.config.tls ?? {};
  const hash = createHash('sha256').update(JSON.stringify(resolved));
  for (const file of [caFile, certFile, keyFile])
    if (file !== undefined) hash.update(await readFile(file).catch(() => ''));
  return hash.digest('base64');
}
