import type { ConnectorDescription, Outcome } from '@automate/contract';
import { CancelledError, ConnectorError, TimeoutError, UnavailableError, until } from '@automate/contract';
import { notSent } from './call-errors.ts';
import type { HeldCall } from './held-calls.ts';
import { RestartPolicy } from './restart-policy.ts';
import type { RuntimeParts } from './runtime-parts.ts';
import type {
  CodePlace,
  ConnectorWorker,
  WorkerCall,
  WorkerLevel,
  WorkerSpec,
  WorkerState,
  WorkerStats,
  WorkerWait,
} from './runtime.ts';
import type { SessionEnd } from './worker-session.ts';
import { WorkerSession } from './worker-session.ts';

const IDLE: WorkerState = { phase: 'idle' };

/** A connector's worker over all its lives: started when wanted, replaced when it dies, held back when it dies too often. */
export class SupervisedWorker implements ConnectorWorker {
  readonly #spec: WorkerSpec;
  readonly #parts: RuntimeParts;
  readonly #onClosed: () => void;
  readonly #policy: RestartPolicy;
  #state: WorkerState = IDLE;
  #session: WorkerSession | undefined;
  #description: ConnectorDescription | undefined;
  /** The stop under way. `idle`: the worker stops because it is idle, and calls that come meanwhile must not be refused. */
  #stopping: { readonly done: Promise<void>; readonly idle: boolean } | undefined;
  #closed = false;
  #starts = 0;
  #crashes = 0;
  #droppedMessages = 0;
  #droppedLines = 0;
  #idleTimer: NodeJS.Timeout | undefined;
  /** How many wait for it to come up: a worker is not idle while it starts. */
  #awaited = 0;
  #lastCallAt = 0;

  /** @param onClosed called once it has ended for good */
  constructor(spec: WorkerSpec, parts: RuntimeParts, onClosed: () => void) {
    this.#spec = spec;
    this.#parts = parts;
    this.#onClosed = onClosed;
    this.#policy = new RestartPolicy(parts.policy);
  }

  get id(): string {
    return this.#spec.id;
  }

  get snapshotDir(): string | undefined {
    return this.#session?.snapshotDir;
  }

  state(): WorkerState {
    return this.#state;
  }

  stats(): WorkerStats {
    const session = this.#session;
    return {
      state: this.#state,
      starts: this.#starts,
      crashes: this.#crashes,
      pending: session?.pending ?? 0,
      abandonedThreads: this.#parts.abandoned.of(this.id),
      ...(session === undefined ? { memoryBytes: 0, utilization: 0 } : this.#parts.watch.loadOf(session)),
      droppedMessages: this.#droppedMessages + (session?.inbox.strays ?? 0),
      droppedLogLines: this.#droppedLines + (session?.inbox.droppedLines ?? 0),
    };
  }

  description(): ConnectorDescription | undefined {
    return this.#description;
  }

  async ensure(level: WorkerLevel, wait: WorkerWait): Promise<ConnectorDescription> {
    const error = (end: string): ConnectorError =>
      end === 'deadline'
        ? new TimeoutError(`connector "${this.id}" did not start before the deadline of the call`)
        : new CancelledError(`the caller gave up while connector "${this.id}" was starting`);
    try {
      // The start itself goes on: others may share it.
      return await until({ ...wait, error }, () => this.#reach(level));
    } catch (reason) {
      throw notSent(reason, this.id);
    }
  }

  call(call: WorkerCall): Promise<Outcome<string>> {
    const session = this.#session;
    if (session?.open === true) {
      this.#lastCallAt = Date.now();
      return session.call(call);
    }
    // Whoever found the worker running a moment ago must not be refused because it had been idle.
    if (this.#stopping?.idle === true) return new Promise((settle) => void this.#resend({ call, settle }));
    return Promise.resolve({ ok: false, error: this.#unavailable().toEnvelope() });
  }

  reset(): void {
    this.#policy.reset();
    if (this.#state.phase === 'backing-off' || this.#state.phase === 'quarantined') this.#enter(IDLE);
  }

  stop(options: { readonly graceMs?: number } = {}): Promise<void> {
    return this.#stop(options.graceMs ?? this.#parts.closeGraceMs, false);
  }

  async close(options?: { readonly graceMs?: number }): Promise<void> {
    this.#closed = true;
    await this.stop(options);
    clearTimeout(this.#idleTimer);
    if (this.#state.phase === 'closed') return;
    // Before the state is announced: listeners may ask which workers still run.
    this.#onClosed();
    this.#enter({ phase: 'closed' });
  }

  #stop(graceMs: number, idle: boolean): Promise<void> {
    const session = this.#session;
    if (session === undefined || this.#stopping !== undefined) return this.#stopping?.done ?? Promise.resolve();
    this.#enter({ phase: 'stopping' });
    const done = session.stop(graceMs).finally(() => {
      this.#stopping = undefined;
    });
    this.#stopping = { done, idle };
    return done;
  }

  async #reach(level: WorkerLevel): Promise<ConnectorDescription> {
    const session = await this.#current();
    this.#awaited += 1;
    try {
      return await session.reach(level);
    } finally {
      this.#awaited -= 1;
      this.#lastCallAt = Date.now();
    }
  }

  /** The session that runs, or a new one. */
  async #current(): Promise<WorkerSession> {
    for (;;) {
      while (this.#stopping !== undefined && !this.#closed) await this.#stopping.done;
      if (this.#session !== undefined) return this.#session;
      this.#requireStartable();
      const located = this.#spec.locateCode?.();
      if (!(located instanceof Promise)) return this.#start(located);
      const place = await located;
      // Meanwhile another may have started it, or closed it.
      if (this.#session !== undefined) continue;
      this.#requireStartable();
      return this.#start(place);
    }
  }

  #requireStartable(): void {
    if (this.#closed || this.#policy.verdict().kind !== 'allowed') throw this.#unavailable();
    if (this.#parts.abandoned.areTooMany(this.id)) throw this.#blocked();
  }

  #start(place: CodePlace | undefined): WorkerSession {
    this.#policy.starting();
    this.#starts += 1;
    this.#enter({ phase: 'starting', since: Date.now() });
    const session: WorkerSession = new WorkerSession({
      spec: { ...this.#spec, ...place },
      parts: this.#parts,
      onLevel: (level, description) => this.#onLevel(session, level, description),
      onEnd: (end) => this.#onEnd(session, end),
    });
    this.#session = session;
    return session;
  }

  #onLevel(session: WorkerSession, level: WorkerLevel, description: ConnectorDescription): void {
    if (session !== this.#session) return;
    this.#description = description;
    if (level === 'described') this.#watchIdle();
    if (level === 'initialized') this.#policy.running();
    const since = this.#state.phase === 'running' ? this.#state.since : Date.now();
    if (this.#state.phase !== 'stopping') this.#enter({ phase: 'running', since, level });
  }

  #onEnd(session: WorkerSession, end: SessionEnd): void {
    if (session !== this.#session) return;
    this.#session = undefined;
    clearTimeout(this.#idleTimer);
    this.#droppedMessages += session.inbox.strays;
    this.#droppedLines += session.inbox.droppedLines;
    if (end.intended) {
      if (!this.#closed) this.#enter(IDLE);
      for (const { settle } of end.held) settle({ ok: false, error: this.#unavailable().toEnvelope() });
      return;
    }
    const verdict = end.whileStarting ? this.#policy.startFailed() : this.#policy.crashed();
    if (!end.orderly) this.#reportCrash(end);
    this.#enter({ phase: verdict.kind, error: end.error, crashes: this.#policy.failures, retryAt: verdict.retryAt });
    for (const held of end.held) void this.#resend(held);
  }

  #reportCrash({ cause, error }: SessionEnd): void {
    this.#crashes += 1;
    this.#parts.note(this.id, 'error', error.message, {
      reason: cause.reason,
      ...(cause.stack === undefined ? {} : { stack: cause.stack }),
    });
    this.#parts.events.onCrash(this.id, error);
  }

  /** A call that waited while the worker was suspected to be stuck goes to the next worker where that one has died. */
  async #resend({ call, settle }: HeldCall): Promise<void> {
    try {
      await this.ensure('ready', call);
      const session = this.#session;
      settle(
        session?.open === true ? await session.call(call) : { ok: false, error: this.#unavailable().toEnvelope() },
      );
    } catch (reason) {
      settle({ ok: false, error: ConnectorError.from(reason).toEnvelope() });
    }
  }

  #watchIdle(): void {
    const { idleStopMs } = this.#spec;
    clearTimeout(this.#idleTimer);
    if (idleStopMs === undefined) return;
    const idleFor = Date.now() - this.#lastCallAt;
    if (idleFor >= idleStopMs && this.#awaited === 0 && this.#session?.pending === 0) {
      void this.#stop(this.#parts.closeGraceMs, true);
      return;
    }
    this.#idleTimer = setTimeout(() => this.#watchIdle(), Math.max(50, idleStopMs - idleFor)).unref();
  }

  #enter(state: WorkerState): void {
    this.#state = state;
    this.#parts.events.onState(this.id, state);
  }

  #blocked(): UnavailableError {
    const threads = this.#parts.abandoned.of(this.id);
    return new UnavailableError(
      `connector "${this.id}" is not started again: ${threads} of its threads are blocked outside JavaScript by calls that ran out of time; the operator must find out what blocks them, and end them with the host`,
      { connector: this.id, retryable: false, blame: 'operator', details: { reason: 'threads_blocked', threads } },
    );
  }

  #unavailable(): UnavailableError {
    const state = this.#state;
    const connector = this.id;
    switch (state.phase) {
      case 'backing-off':
      case 'quarantined': {
        const retryAfterMs = Math.max(0, state.retryAt - Date.now());
        const what = state.phase === 'quarantined' ? 'is quarantined' : 'waits before its next start';
        return new UnavailableError(
          `connector "${connector}" ${what} after ${state.crashes} failures in a row, the last: ${state.error.message}`,
          {
            connector,
            retryAfterMs,
            // Whoever mends what failed brings the worker back, so that the blame is that of the last failure.
            blame: state.error.blame,
            details: { reason: state.phase === 'quarantined' ? 'quarantined' : 'backing_off', last: state.error.code },
          },
        );
      }
      case 'closed':
      case 'stopping':
        return new UnavailableError(`connector "${connector}" is shutting down`, {
          connector,
          details: { reason: state.phase },
        });
      default:
        return new UnavailableError(`connector "${connector}" has no running worker`, {
          connector,
          details: { reason: 'not_running' },
        });
    }
  }
}
