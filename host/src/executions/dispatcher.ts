// Long, as the whole life of a run stands together: taken, made, ended, given up, taken over.
import { setTimeout as delay } from 'node:timers/promises';
import type {
  CallOptions,
  CallProgress,
  Effect,
  ErrorEnvelope,
  ExecuteTextRequest,
  RetryConfig,
  Scope,
} from '@automate/contract';
import { CancelledError, ConnectorError, OutcomeUnknownError, quote } from '@automate/contract';
import type { Execute } from '../execution/pipeline.ts';
import type {
  AnotherRun,
  ClaimedExecution,
  ExecutionEnd,
  ExecutionStore,
  HeldExecution,
  StoredExecution,
} from '../store/execution-store.ts';
import { LEASE_MS } from '../store/execution-store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { ExecutionTexts } from './execution-texts.ts';
import { judgeEnd } from './judge-end.ts';

/** Runs of one host at the same time, over all connectors. */
const MOST_RUNS = 512;

/** Between two signs of life, in milliseconds. */
const RENEW_MS = 1_000;

/** How long before its claims lapse a host that cannot renew them ends its runs, in milliseconds. */
const MARGIN_MS = 500;

/** Longest wait for a time of day, in milliseconds: the clock may be set meanwhile. */
const LONGEST_WAIT_MS = 30_000;

/** Longest wait before it is tried again to look, of a store that fails, in milliseconds. */
const LONGEST_RETRY_MS = 30_000;

/** Between two sweeps of what is forgotten, in milliseconds. */
const SWEEP_MS = 10 * 60_000;

/** Runs that were taken over after which an execution is not run again: it may be what ends its hosts. */
const MOST_TAKEOVERS = 10;

/** The one who cancels it need not be the one who called. */
const CANCELLED = 'the execution was cancelled';

/** What the dispatcher must know of a connector. */
export interface ConnectorPlaces {
  /** Calls that it takes at once: 0 where it takes none for now. */
  readonly concurrency: number;
  readonly retry: RetryConfig;
  /** How long executions are kept after their end, in milliseconds. */
  readonly ttlMs: number;
  /** True of a connector that this host does not know: what it would say is not known either. */
  readonly isUnknown?: boolean;
}

export interface DispatcherOptions {
  readonly store: ExecutionStore;
  readonly texts: ExecutionTexts;
  /** What holds for a connector; for one that there is not, what holds for those that say nothing. */
  placesOf(connector: string): ConnectorPlaces;
  /** Whether an action may be done twice. */
  isIdempotent(connector: string, action: string): Promise<boolean>;
  /** Forgets how the call with this key ended, where its host ended before that was written down. */
  forgetUnknown(execution: StoredExecution): Promise<void>;
  /** Something is to be known of an execution. */
  onChange(id: string): void;
  /** An end is to be told. */
  onCallback(): void;
  readonly metrics: Pick<Telemetry['executions'], 'recordWait' | 'recordRun' | 'recordEnd'>;
  /** Hears of what could not be done, which is tried again. */
  onFault(fault: unknown, at: string): void;
}

type Why = 'cancelled' | 'closing' | 'lease';

/** An execution that this host runs. */
interface Run {
  readonly execution: HeldExecution;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
  progress: CallProgress | undefined;
  /** Whether the store knows of that. */
  told: boolean;
  /** Why its call was ended. */
  why: Why | undefined;
  /** It is another host's by now. */
  lost: boolean;
}

/**
 * Takes executions from the store as places become free, and makes their calls. Asked to look by those who know of something: a start, an
 * end, a connector that changed, or a time that has come.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #runs = new Map<string, Run>();
  /** What was taken over, until it is decided what becomes of it. */
  readonly #lapsed = new Map<string, Promise<void>>();
  #execute: Execute | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #isNew = false;
  #takesOver = false;
  #closing = false;
  #timer: NodeJS.Timeout | undefined;
  #beat: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;
  #renewedAt = performance.now();
  #sweptAt = -Infinity;
  /** How long those of each connector are kept, as the store has heard. */
  #ttls: ReadonlyMap<string, number> = new Map();
  #others = false;
  /** Looks in a row that failed. */
  #failed = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Begins to look; calls are made by `execute`. */
  start(execute: Execute): void {
    if (this.#execute !== undefined) return;
    this.#execute = execute;
    this.wake();
  }

  /** How one stands that this host runs. */
  running(id: string): StoredExecution | undefined {
    const run = this.#runs.get(id);
    if (run === undefined || run.lost) return undefined;
    const { execution, progress, why } = run;
    const cancelling = execution.cancelling || why === 'cancelled';
    return { ...execution, cancelling, ...(progress === undefined ? {} : { progress: JSON.stringify(progress) }) };
  }

  /** Ends the call of one that this host runs. Resolves when it has ended. */
  async cancel(id: string): Promise<void> {
    const run = this.#runs.get(id);
    if (run === undefined) return;
    end(run, 'cancelled');
    await run.ended;
  }

  /**
   * Something may be there to be run.
   *
   * @param isNew whether nobody else knows of it: others are told then, where this host cannot run it
   */
  wake(isNew = false): void {
    if (this.#execute === undefined || this.#closing) return;
    this.#again = true;
    this.#isNew ||= isNew;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      if (this.#again) this.wake();
    });
  }

  /** Takes nothing more, and waits until what runs has ended; its calls are ended after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    await this.#looking;
    const ended = Promise.all([...this.#runs.values()].map((run) => run.ended));
    const timer = setTimeout(() => {
      for (const run of this.#runs.values()) end(run, 'closing');
    }, graceMs);
    await ended;
    await Promise.all(this.#lapsed.values());
    clearTimeout(timer);
    clearInterval(this.#beat);
    // A store that does not answer is not waited for.
    await Promise.race([this.#beating, delay(RENEW_MS, undefined, { ref: false })]);
  }

  async #look(): Promise<void> {
    const isNew = this.#isNew;
    [this.#again, this.#isNew] = [false, false];
    clearTimeout(this.#timer);
    const { store, placesOf, onFault } = this.#options;
    try {
      if (this.#takesOver) await this.#takeOver();
      const { connectors, nextAt, others } = await store.waiting();
      this.#failed = 0;
      this.#others = others;
      const limits = connectors.flatMap((id) => {
        const { concurrency } = placesOf(id);
        return concurrency > 0 ? [[id, concurrency] as const] : [];
      });
      const most = MOST_RUNS - this.#runs.size;
      const shares = this.#shares(limits, most);
      const claimed =
        limits.length > 0 && most > 0 && !this.#closing
          ? await store.claim(most, Object.fromEntries(limits), shares)
          : [];
      for (const execution of claimed) this.#begin(execution);
      const isShort = most <= 0 || Object.values(shares).some((share) => claimed.length >= share);
      if (isNew && (limits.length < connectors.length || isShort)) store.offer?.();
      if (nextAt !== undefined) this.#lookIn(Math.min(Math.max(0, nextAt - store.now()), LONGEST_WAIT_MS));
      if (performance.now() - this.#sweptAt > SWEEP_MS) {
        this.#sweptAt = performance.now();
        await this.#shorten();
        await store.expire();
      }
    } catch (fault) {
      onFault(fault, 'executions were looked for');
      this.#lookIn(Math.min(RENEW_MS * 2 ** this.#failed, LONGEST_RETRY_MS));
      this.#failed += 1;
    }
    this.#keepBeating();
  }

  /** By connector, how many more it may have run here: as many in all as stay free beside, so that those of others find a place. */
  #shares(limits: readonly (readonly [connector: string, places: number])[], free: number): Record<string, number> {
    const own = new Map<string, number>();
    for (const { execution } of this.#runs.values())
      own.set(execution.connector, (own.get(execution.connector) ?? 0) + 1);
    return Object.fromEntries(
      limits.map(([connector]) => [connector, Math.max(0, Math.ceil((free - (own.get(connector) ?? 0)) / 2))]),
    );
  }

  /** Those that have ended go by what is said now of how long they are kept, where that is less than it was then. */
  async #shorten(): Promise<void> {
    const { store, placesOf } = this.#options;
    const places = (await store.connectors()).map((id) => [id, placesOf(id)] as const);
    const ttls = places.flatMap(([id, { ttlMs, isUnknown }]) => (isUnknown === true ? [] : [[id, ttlMs] as const]));
    const changed = ttls.filter(([id, ttlMs]) => this.#ttls.get(id) !== ttlMs);
    if (changed.length > 0) await store.shorten(Object.fromEntries(changed));
    this.#ttls = new Map(ttls);
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#closing) return;
    this.#timer = setTimeout(() => this.wake(true), ms);
    this.#timer.unref();
  }

  /** As long as there are claims, its own or others', it gives signs of life and looks at theirs. */
  #keepBeating(): void {
    const isNeeded = this.#runs.size > 0 || this.#lapsed.size > 0 || this.#others;
    if (isNeeded && this.#beat === undefined) {
      this.#renewedAt = performance.now();
      this.#beat = setInterval(() => {
        this.#beating ??= this.#renew().finally(() => (this.#beating = undefined));
      }, RENEW_MS);
      // Whoever waits for a call keeps the program alive.
      this.#beat.unref();
    }
    if (!isNeeded) {
      clearInterval(this.#beat);
      this.#beat = undefined;
    }
  }

  async #renew(): Promise<void> {
    const { store, onFault } = this.#options;
    const startedAt = performance.now();
    // A host that stood still itself finds out first what it has lost; a store that nobody can write gives its claims to nobody.
    const leftMs = Math.max(MARGIN_MS, this.#renewedAt + LEASE_MS - MARGIN_MS - startedAt);
    const tooLate = setTimeout(() => {
      if (store.isRemote) for (const run of this.#runs.values()) end(run, 'lease');
    }, leftMs);
    try {
      if (this.#runs.size > 0 || this.#lapsed.size > 0) {
        const { lost, cancelled } = await store.renew([...this.#runs.values()].map(({ execution }) => execution));
        for (const id of lost) this.#lose(id);
        for (const id of cancelled) {
          const run = this.#runs.get(id);
          if (run !== undefined) end(run, 'cancelled');
        }
        await this.#tellProgress();
      }
      this.#renewedAt = startedAt;
      this.#takesOver = true;
      this.wake();
    } catch (fault) {
      onFault(fault, 'the claims on executions were renewed');
    } finally {
      clearTimeout(tooLate);
    }
  }

  /** Part of a look, as none of those may be on its way that this host has just claimed. */
  async #takeOver(): Promise<void> {
    this.#takesOver = false;
    const taken = await this.#options.store.takeOver([...this.#runs.keys(), ...this.#lapsed.keys()]);
    for (const execution of taken) this.#lapsed.set(execution.id, this.#resolveLapsed(execution));
  }

  async #tellProgress(): Promise<void> {
    const news = [...this.#runs.values()].filter(({ told }) => !told);
    await Promise.all(
      news.map(async (run) => {
        run.told = true;
        if (run.progress === undefined) return;
        const { store, texts } = this.#options;
        await store.progress(run.execution, texts.sealProgress(run.execution.id, run.progress));
      }),
    );
  }

  #lose(id: string): void {
    const run = this.#runs.get(id);
    if (run === undefined) return;
    run.lost = true;
    end(run, 'lease');
  }

  #begin(execution: ClaimedExecution): void {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const { payload, ...rest } = execution;
    const run: Run = {
      execution: rest,
      controller: new AbortController(),
      ended,
      progress: undefined,
      told: true,
      why: undefined,
      lost: false,
    };
    this.#runs.set(execution.id, run);
    this.#options.onChange(execution.id);
    const { connector, attempts, createdAt, runAt = createdAt, startedAt = createdAt } = execution;
    if (attempts === 1) this.#options.metrics.recordWait(connector, startedAt - Math.max(createdAt, runAt));
    void this.#make(run, payload)
      .catch((fault: unknown) => this.#options.onFault(fault, `the execution ${execution.id} was run`))
      .finally(() => {
        // It may have come back under a newer token.
        if (this.#runs.get(execution.id) === run) this.#runs.delete(execution.id);
        resolve();
        this.#options.onChange(execution.id);
        this.wake();
      });
  }

  async #make(run: Run, sealed: Uint8Array): Promise<void> {
    const { execution } = run;
    const { texts, metrics } = this.#options;
    const begunAt = performance.now();
    const ended = (): void => metrics.recordRun(execution.connector, performance.now() - begunAt);
    try {
      const payload = texts.openPayload(execution.id, sealed);
      const { result, resultDropped } = await this.#call(run, payload).finally(ended);
      await this.#finish(run, 'succeeded', () =>
        resultDropped === true ? undefined : texts.sealResult(execution.id, result),
      );
    } catch (reason) {
      await this.#fail(run, ConnectorError.from(reason).toEnvelope());
    }
  }

  #call(run: Run, payload: string): ReturnType<Execute> {
    const { connector, action, key, principal, scopes, runTimeoutMs, traceparent } = run.execution;
    const request: ExecuteTextRequest = {
      id: connector,
      action,
      payload,
      ...(key === undefined ? {} : { idempotencyKey: key }),
    };
    const options: CallOptions = {
      principal: { name: principal, scopes: scopes as readonly Scope[] },
      door: 'executions',
      signal: run.controller.signal,
      ...(runTimeoutMs === undefined ? {} : { timeoutMs: runTimeoutMs }),
      ...(traceparent === undefined ? {} : { traceparent }),
      onProgress: (progress) => {
        run.progress = progress;
        run.told = false;
        this.#options.onChange(run.execution.id);
      },
    };
    if (this.#execute === undefined) throw new Error('the dispatcher was not started');
    return this.#execute(request, options);
  }

  async #fail(run: Run, error: ErrorEnvelope): Promise<void> {
    const { execution } = run;
    if (run.why === 'cancelled' && error.code === 'CANCELLED')
      return this.#end(run, 'cancelled', { ...error, message: CANCELLED });
    if (error.code === 'OUTCOME_UNKNOWN')
      return error.details?.['reason'] === 'host_ended'
        ? this.#afterLostKey(run, error)
        : this.#end(run, 'unknown', error);
    if (error.code === 'WORKER_LOST' && error.details?.['reason'] === 'host_lost')
      return this.#afterLoss(execution, 'host_ended', run);
    const isEndedByHost = run.why === 'lease' || run.why === 'closing' || this.#closing;
    if (isEndedByHost && ['CANCELLED', 'UNAVAILABLE'].includes(error.code)) {
      if (error.effect === 'none') return this.#requeue(run, { afterMs: 0, counts: false }, error);
      return this.#afterLoss(execution, run.why === 'lease' ? 'lease_lost' : 'host_ended', run);
    }
    const next = judgeEnd({
      error,
      attempts: execution.attempts,
      policy: this.#options.placesOf(execution.connector).retry,
    });
    if (next === 'end') return this.#end(run, 'failed', error);
    return this.#requeue(run, next, error);
  }

  #end(run: Pick<Run, 'execution' | 'lost'>, status: ExecutionEnd['status'], error: ErrorEnvelope): Promise<void> {
    return this.#finish(run, status, () => this.#options.texts.sealError(run.execution.id, error));
  }

  /** @param seal done with each try, as there may be no key for it now */
  async #finish(
    run: Pick<Run, 'execution' | 'lost'>,
    status: ExecutionEnd['status'],
    seal: () => Uint8Array | undefined,
  ): Promise<void> {
    const { execution } = run;
    const expiresAt = this.#options.store.now() + this.#options.placesOf(execution.connector).ttlMs;
    if (await this.#write(run, (store) => store.finish(execution, { status, outcome: seal(), expiresAt })))
      this.#options.metrics.recordEnd(execution.connector, status);
    if (execution.callback !== undefined) this.#options.onCallback();
  }

  /** What was cancelled meanwhile, also by way of another host, is not run again. */
  async #requeue(
    run: Pick<Run, 'execution' | 'lost'> & Partial<Pick<Run, 'why'>>,
    next: Omit<AnotherRun, 'outcome'>,
    error: ErrorEnvelope | undefined,
  ): Promise<void> {
    const { execution } = run;
    const seal = (): Uint8Array | undefined => error && this.#options.texts.sealError(execution.id, error);
    const requeue = (store: ExecutionStore): Promise<boolean> => store.requeue(execution, { ...next, outcome: seal() });
    if (run.why !== 'cancelled' && (await this.#write(run, requeue))) return;
    // Where the claim is another's by now this changes nothing.
    await this.#end(run, 'cancelled', cancelled(error?.effect ?? 'maybe'));
  }

  /** Tries until it is written, or is another host's to write. At the host's end once more: the next one finds the claim lapsed. */
  async #write(run: Pick<Run, 'lost'>, write: (store: ExecutionStore) => Promise<boolean>): Promise<boolean> {
    const { store, onFault } = this.#options;
    while (!run.lost) {
      try {
        return await write(store);
      } catch (fault) {
        onFault(fault, 'how an execution stands was written down');
        if (this.#closing) break;
        await delay(RENEW_MS);
      }
    }
    return true;
  }

  /** Of one whose host ended, or stood still, while it ran. */
  async #resolveLapsed(execution: HeldExecution): Promise<void> {
    await this.#afterLoss(execution, 'host_ended', { execution, lost: false }).catch((fault: unknown) =>
      this.#options.onFault(fault, `the execution ${execution.id} was taken over`),
    );
    this.#lapsed.delete(execution.id);
    this.#options.onChange(execution.id);
    this.wake();
  }

  /** Its key is that of a call whose host ended, which may have been known only after the execution itself was taken over. */
  async #afterLostKey(run: Run, error: ErrorEnvelope): Promise<void> {
    const { execution } = run;
    if (!(await this.#mayRepeat(execution))) return this.#end(run, 'unknown', error);
    await this.#options.forgetUnknown(execution);
    return this.#requeue(run, { afterMs: 0, counts: true }, error);
  }

  /** Whether its call does no harm twice, and it has not been run too often for the loss of hosts already. */
  async #mayRepeat({ connector, action, attempts }: HeldExecution): Promise<boolean> {
    return attempts < MOST_TAKEOVERS && (await this.#options.isIdempotent(connector, action).catch(() => false));
  }

  /**
   * Nobody knows whether its call took effect. It is made again where that does no harm: the action says that it may be done twice, or its
   * key is kept, by which the call is made once at most.
   */
  async #afterLoss(
    execution: HeldExecution,
    reason: 'host_ended' | 'lease_lost',
    run: Pick<Run, 'execution' | 'lost'>,
  ): Promise<void> {
    const { forgetUnknown } = this.#options;
    const { id, connector, action, key, cancelling, attempts } = execution;
    if (cancelling) return this.#end(run, 'cancelled', cancelled('maybe'));
    const idempotent = await this.#mayRepeat(execution);
    if (idempotent || (key !== undefined && attempts < MOST_TAKEOVERS)) {
      if (idempotent && key !== undefined) await forgetUnknown(execution);
      return this.#requeue(run, { afterMs: 0, counts: true }, undefined);
    }
    const why =
      reason === 'host_ended'
        ? 'its host ended while it ran'
        : 'its host could not say for so long that it lives, that another one may have taken it over';
    const error = new OutcomeUnknownError(
      `whether ${quote(action)} took effect is not known: ${why}. Look at the remote system, and start it again if need be: "automate executions rerun ${id}"`,
      { blame: 'operator', connector, details: { reason } },
    );
    return this.#end(run, 'unknown', error.toEnvelope());
  }
}

/** Ends its call; the first reason counts. */
function end(run: Run, why: Why): void {
  if (run.why !== undefined) return;
  run.why = why;
  run.controller.abort();
}

function cancelled(effect: Effect): ErrorEnvelope {
  return new CancelledError(CANCELLED, { effect }).toEnvelope();
}
