import { hash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type {
  CallOptions,
  Execution,
  ExecutionFilter,
  ExecutionOperations,
  ExecutionPage,
  Principal,
  StartExecutionRequest,
} from '@automate/contract';
import { CancelledError, hasEnded, hasScope, LOCAL_PRINCIPAL, NotFoundError, quote } from '@automate/contract';
import { Unread } from '../events/unread.ts';
import type { Execute } from '../execution/pipeline.ts';
import type { KeptSchedule } from '../store/schedule-store.ts';
import type { OutcomeStore } from '../store/outcome-store.ts';
import type { Enqueued, ExecutionStore, StoredExecution } from '../store/execution-store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { CallbackPolicy } from './callbacks.ts';
import { Callbacks } from './callbacks.ts';
import type { DispatcherOptions } from './dispatcher.ts';
import { Dispatcher } from './dispatcher.ts';
import { watchExecutionCounts } from './execution-counts.ts';
import { alreadyEnded, keyReused, notRepeatable } from './execution-refusals.ts';
import type { Sealer } from './execution-texts.ts';
import { ExecutionTexts } from './execution-texts.ts';
import { requirePayloadText } from './payload-text.ts';

/** Executions of a page where nobody says how many. */
const PAGE = 100;

/** How long the answer to a cancellation waits for the end of the run, in milliseconds. */
const CANCEL_MS = 2_000;

/** How often a watcher looks at an execution that another host may run, in milliseconds. */
const LOOK_MS = 1_000;

export interface ExecutionsOptions
  extends Pick<DispatcherOptions, 'placesOf' | 'isIdempotent' | 'onFault'>, CallbackPolicy {
  readonly store: ExecutionStore;
  readonly metrics: Telemetry['executions'];
  readonly sealer: Sealer;
  readonly outcomes: Pick<OutcomeStore, 'find' | 'clear'>;
  /** What receivers of callbacks are told of who calls. */
  readonly agent: string;
  warn(message: string): void;
  /** Throws NOT_FOUND where there is no connector of that id. */
  requireConnector(id: string, caller: Principal): unknown;
}

/** Durable executions: what callers ask for. What is asked was checked by the service, and who may ask by the guard. */
export class Executions implements ExecutionOperations {
  readonly #options: ExecutionsOptions;
  readonly #texts: ExecutionTexts;
  readonly #dispatcher: Dispatcher;
  readonly #callbacks: Callbacks;
  readonly #watchers = new Map<string, Set<Unread<'changed'>>>();
  #startDispatcher = (): void => undefined;

  constructor(options: ExecutionsOptions) {
    this.#options = options;
    this.#texts = new ExecutionTexts(options.sealer);
    const { store, placesOf, isIdempotent, onFault, outcomes, metrics } = options;
    metrics.observe(watchExecutionCounts(store));
    this.#callbacks = new Callbacks({ ...options, texts: this.#texts });
    this.#dispatcher = new Dispatcher({
      store,
      texts: this.#texts,
      placesOf,
      isIdempotent,
      async forgetUnknown({ connector, principal, key }) {
        if (key === undefined) return;
        const found = await outcomes.find({ connector, principal, key });
        if (found?.status === 'unknown' && found.endedAt === undefined)
          await outcomes.clear({ connector, principal, key });
      },
      onChange: (id) => this.#tell(id),
      onCallback: () => this.#callbacks.wake(),
      metrics,
      onFault,
    });
  }

  /**
   * Makes the calls by `execute` from now on, those that are there already among them; or, where this host does not serve, with the first
   * one that is started through it, so that who only looks takes none.
   */
  open(execute: Execute, { serves }: { readonly serves: boolean }): void {
    this.#startDispatcher = () => this.#dispatcher.start(execute);
    if (!serves) return;
    this.#startDispatcher();
    this.#callbacks.open();
  }

  /** A connector may take calls again. */
  wake(): void {
    this.#dispatcher.wake();
  }

  /** Takes nothing more; runs may take `graceMs` to end. */
  async close(graceMs: number): Promise<void> {
    this.#startDispatcher = () => undefined;
    await this.#dispatcher.close(graceMs);
    // Whoever is told too late is told again.
    await this.#callbacks.close(Math.min(graceMs, CANCEL_MS));
    for (const watchers of this.#watchers.values()) for (const watcher of watchers) watcher.end();
  }

  async startExecution(request: StartExecutionRequest, options: CallOptions = {}): Promise<Execution> {
    const { id: connector, action, idempotencyKey: key, runTimeoutMs, runAt, priority = 0, callbackUrl } = request;
    const { principal = LOCAL_PRINCIPAL, traceparent } = options;
    const payload = requirePayloadText(request);
    const payloadSha256 = hash('sha256', payload);
    this.#options.requireConnector(connector, principal);
    if (callbackUrl !== undefined) this.#options.requireAllowed(callbackUrl);
    const id = randomUUID();
    const enqueued = await this.#enqueue({
      ...{ id, connector, action, key, priority, runTimeoutMs, traceparent },
      ...{ principal: principal.name, scopes: principal.scopes },
      payload: this.#texts.sealPayload(id, payload),
      payloadSha256,
      runAt: runAt === undefined ? undefined : Date.parse(runAt),
      callbackUrl: this.#texts.sealCallback(id, callbackUrl),
    });
    const { execution } = enqueued;
    if (enqueued.as === 'new') return this.#texts.view(execution);
    if (execution.action !== action || execution.payloadSha256 !== payloadSha256) throw keyReused(execution, action);
    const found = this.#texts.view(this.#dispatcher.running(execution.id) ?? execution);
    if (callbackUrl !== undefined && found.callbackUrl !== callbackUrl) throw keyReused(execution, action, 'callback');
    return { ...found, replayed: true };
  }

  /** Starts a call of a schedule, once for each time that it is due. Gives the execution's id. */
  async startScheduled(schedule: KeptSchedule, payload: string, callbackUrl?: string): Promise<string> {
    const { name, nextAt, connector, action, principal, scopes, priority, runTimeoutMs } = schedule;
    const id = randomUUID();
    const { execution } = await this.#enqueue({
      ...{ id, connector, action, principal, scopes, priority, runTimeoutMs, schedule: name },
      key: `schedule:${name}:${new Date(nextAt).toISOString()}`,
      payload: this.#texts.sealPayload(id, payload),
      payloadSha256: hash('sha256', payload),
      callbackUrl: this.#texts.sealCallback(id, callbackUrl),
    });
    return execution.id;
  }

  async getExecution(id: string, options: CallOptions = {}): Promise<Execution> {
    return this.#texts.view(await this.#find(id, options));
  }

  async listExecutions(filter: ExecutionFilter = {}, options: CallOptions = {}): Promise<ExecutionPage> {
    const { principal: caller = LOCAL_PRINCIPAL } = options;
    const { connector, status, deadLetters, after, limit = PAGE } = filter;
    const found = await this.#options.store.list({
      ...{ connector, deadLetters },
      principal: filter.principal ?? (hasScope(caller, 'admin') ? undefined : caller.name),
      // Not every door can tell a list of none from none.
      status: status?.length === 0 ? undefined : status,
      before: after === undefined ? undefined : Number(after),
      limit: limit + 1,
    });
    const last = found[limit - 1];
    return {
      executions: found
        .slice(0, limit)
        .map((execution) => this.#texts.viewInList(this.#dispatcher.running(execution.id) ?? execution)),
      ...(found.length > limit && last !== undefined ? { next: String(last.seq) } : {}),
    };
  }

  async cancelExecution(id: string, options: CallOptions = {}): Promise<Execution> {
    const before = await this.#find(id, options);
    if (hasEnded(before)) throw alreadyEnded(before);
    // A run whose host ended is begun anew without an error of it: it may have taken effect.
    const effect = before.attempts > 0 && before.outcome === undefined ? 'maybe' : 'none';
    const when = before.attempts > 0 ? 'before it ran again' : 'before it ran';
    const error = new CancelledError(`the execution was cancelled ${when}`, { effect });
    const after = await this.#options.store.cancel(id, {
      outcome: this.#texts.sealError(id, error.toEnvelope()),
      expiresAt: this.#options.store.now() + this.#options.placesOf(before.connector).ttlMs,
    });
    if (after !== undefined && hasEnded(after) && after.status !== 'cancelled') throw alreadyEnded(after);
    if (before.status === 'queued' && after?.status === 'cancelled')
      this.#options.metrics.recordEnd(after.connector, after.status);
    if (after?.callback !== undefined) this.#callbacks.wake();
    const patience = new AbortController();
    const expiry = delay(CANCEL_MS, undefined, { signal: patience.signal }).catch(() => undefined);
    await Promise.race([this.#dispatcher.cancel(id), expiry]);
    patience.abort();
    this.#tell(id);
    return this.getExecution(id, options);
  }

  async *watchExecution(id: string, options: CallOptions = {}): AsyncGenerator<Execution, void> {
    const unread = new Unread<'changed'>({ first: ['changed'], most: 1, relieve: (all) => all.slice(-1) });
    const watchers = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, watchers.add(unread));
    const looking = setInterval(() => {
      if (this.#dispatcher.running(id) === undefined) unread.push('changed');
    }, LOOK_MS);
    looking.unref();
    let before = '';
    try {
      for await (const _changed of unread.read(options, 'the watch')) {
        const now = this.#texts.view(await this.#find(id, options));
        const text = JSON.stringify(now);
        if (text !== before) yield now;
        before = text;
        if (hasEnded(now)) return;
      }
    } finally {
      clearInterval(looking);
      watchers.delete(unread);
      if (watchers.size === 0) this.#watchers.delete(id);
    }
  }

  async rerunExecution(id: string, options: CallOptions = {}): Promise<Execution> {
    const { principal = LOCAL_PRINCIPAL, traceparent } = options;
    const original = await this.#find(id, options);
    const sealed = await this.#options.store.payload(id);
    if (sealed === undefined) throw notRepeatable(original);
    this.#options.requireConnector(original.connector, principal);
    const { connector, action, priority, runTimeoutMs, payloadSha256 } = original;
    const rerun = randomUUID();
    const { as, execution } = await this.#enqueue({
      ...{ id: rerun, connector, action, priority, runTimeoutMs, traceparent, payloadSha256 },
      ...{ principal: principal.name, scopes: principal.scopes },
      payload: this.#texts.sealPayload(rerun, this.#texts.openPayload(id, sealed)),
      callbackUrl: this.#texts.sealCallback(rerun, this.#texts.view(original).callbackUrl),
      rerunOf: id,
    });
    if (as !== 'new') throw notRepeatable(execution);
    this.#tell(id);
    return this.#texts.view(execution);
  }

  async #enqueue(execution: Parameters<ExecutionStore['enqueue']>[0]): Promise<Enqueued> {
    const enqueued = await this.#options.store.enqueue(execution);
    this.#startDispatcher();
    this.#dispatcher.wake(true);
    return enqueued;
  }

  /** Throws NOT_FOUND for one that there is not, and for another caller's. */
  async #find(id: string, { principal = LOCAL_PRINCIPAL }: CallOptions): Promise<StoredExecution> {
    const found = this.#dispatcher.running(id) ?? (await this.#options.store.find(id));
    if (found !== undefined && (found.principal === principal.name || hasScope(principal, 'admin'))) return found;
    throw new NotFoundError(`no execution ${quote(id)} is kept: it was never started, is forgotten, or is not yours`, {
      details: { reason: 'unknown_execution' },
    });
  }

  #tell(id: string): void {
    for (const watcher of this.#watchers.get(id) ?? []) watcher.push('changed');
  }
}
