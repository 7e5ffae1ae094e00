// Long, as each change of a worker's state is made in one place.
import type { ConnectorDescription, Outcome, PatienceEnd } from '@automate/contract';
import type { UnavailableError } from '@automate/contract';
import { ConnectorError, until } from '@automate/contract';
import { notSent } from './call-errors.ts';
import { withLastKnown } from './last-known-actions.ts';
import { requireDataRoom } from './data-room.ts';
import type { HeldCall } from './held-calls.ts';
import { crashFields, PoisonousCalls } from './poisonous-calls.ts';
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
  WorkerUse,
  WorkerWait,
} from './runtime.ts';
import type { StartTurn } from './start-queue.ts';
import { ToldStarts } from './told-starts.ts';
import { isSystemLimit, startGivenUp, workerEnding, workerUnavailable } from './worker-errors.ts';
import type { SessionEnd } from './worker-session.ts';
import { WorkerSession } from './worker-session.ts';

const IDLE: WorkerState = { phase: 'idle' };

/** A connector's worker over all its lives: started when wanted, replaced when it dies, held back when it dies too often. */
export class SupervisedWorker implements ConnectorWorker {
  readonly #spec: WorkerSpec;
  readonly #parts: RuntimeParts;
  readonly #onClosed: () => void;
  readonly #policy: RestartPolicy;
  readonly #poisonous: PoisonousCalls;
  readonly #toldStarts = new ToldStarts();
  #state: WorkerState = IDLE;
  #session: WorkerSession | undefined;
  /** The start of a session that is not there yet, shared by all who want it. */
  #opening: Promise<WorkerSession> | undefined;
  /** Of that start. */
  #turn: StartTurn | undefined;
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
  #lastExecutedAt = 0;

  /** @param onClosed called once it has ended for good */
  constructor(spec: WorkerSpec, parts: RuntimeParts, onClosed: () => void) {
    this.#spec = spec;
    this.#parts = parts;
    this.#onClosed = onClosed;
    this.#policy = new RestartPolicy(parts.policy);
    this.#poisonous = new PoisonousCalls(spec.id, (message, fields) => parts.note(spec.id, 'warn', message, fields));
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
      startedAt: session?.startedAt,
      pending: session?.pending ?? 0,
      abandonedThreads: this.#parts.abandoned.of(this.id),
      poisonousCalls: this.#poisonous.refused,
      ...(session === undefined ? { memoryBytes: 0, utilization: 0 } : this.#parts.watch.loadOf(session)),
      droppedMessages: this.#droppedMessages + (session?.inbox.strays ?? 0),
      droppedLogLines: this.#droppedLines + (session?.inbox.droppedLines ?? 0),
    };
  }

  async use(): Promise<WorkerUse | undefined> {
    // Where it ended meanwhile there is nothing to tell.
    return this.#session?.use().catch(() => undefined);
  }

  get takesSecrets(): boolean {
    return this.#session?.takesSecrets === true;
  }

  description(): ConnectorDescription | undefined {
    return this.#description;
  }

  async ensure(level: WorkerLevel, wait: WorkerWait): Promise<ConnectorDescription> {
    const { signal, deadline = Infinity, withinMs = Infinity, background = false } = wait;
    const error = (end: PatienceEnd): ConnectorError =>
      startGivenUp(this.id, end, { phase: this.#state.phase, waiting: this.#parts.starts.waiting });
    // The start itself goes on when whoever waits gives up: others may share it.
    const start = this.#current(!background);
    const reached = start.then((session) => this.#reach(session, level));
    reached.catch(() => {});
    try {
      await until({ signal, deadline, error }, () => start);
      const within = Math.min(deadline, Date.now() + withinMs);
      return await until({ signal, deadline: within, error }, () => reached);
    } catch (reason) {
      throw notSent(reason, this.id);
    }
  }

  call(call: WorkerCall): Promise<Outcome<string>> {
    return this.#poisonous.make(call, this.#send);
  }

  readonly #send = (call: WorkerCall): Promise<Outcome<string>> => {
    const session = this.#session;
    if (session?.open === true) {
      this.#lastCallAt = Date.now();
      if (call.op === 'execute') this.#lastExecutedAt = this.#lastCallAt;
      return session.call(call);
    }
    // Whoever found the worker running a moment ago must not be refused because it had been idle, or has just died.
    if (this.#stopping?.idle === true || session?.dying !== undefined)
      return new Promise((settle) => void this.#resend({ call, settle }));
    return Promise.resolve({ ok: false, error: this.#unavailable().toEnvelope() });
  };

  reset(): void {
    this.#policy.reset();
    this.#poisonous.clearAll();
    if (this.#state.phase === 'backing-off' || this.#state.phase === 'quarantined') this.#enter(IDLE);
  }

  stopUnused(forMs: number): void {
    const isUsed = this.#awaited > 0 || this.#session?.pending !== 0 || Date.now() - this.#lastExecutedAt < forMs;
    if (!isUsed) void this.#stop(this.#parts.closeGraceMs, true);
  }

  stop(options: { readonly graceMs?: number } = {}): Promise<void> {
    return this.#stop(options.graceMs ?? this.#parts.closeGraceMs, false);
  }

  async close(options?: { readonly graceMs?: number }): Promise<void> {
    this.#closed = true;
    this.#turn?.end(workerEnding(this.id, 'closed'));
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

  async #reach(session: WorkerSession, level: WorkerLevel): Promise<ConnectorDescription> {
    this.#awaited += 1;
    try {
      const description = await session.reach(level);
      if (this.#awaited === 1) session.turn.succeed();
      return description;
    } finally {
      this.#awaited -= 1;
      this.#lastCallAt = Date.now();
      if (this.#awaited === 0) session.turn.end();
    }
  }

  /** The session that runs, or a new one. */
  async #current(urgent: boolean): Promise<WorkerSession> {
    while (this.#stopping !== undefined && !this.#closed) await this.#stopping.done;
    while (this.#session?.dying !== undefined) await this.#session.dying;
    if (this.#session !== undefined) return this.#session;
    this.#opening ??= this.#open(urgent).finally(() => {
      this.#opening = undefined;
      this.#turn = undefined;
    });
    if (urgent) this.#turn?.hurry();
    return this.#opening;
  }

  async #open(urgent: boolean): Promise<WorkerSession> {
    this.#requireStartable();
    const turn = this.#parts.starts.take(this.#spec.kind, urgent);
    this.#turn = turn;
    try {
      if (turn.phase === 'waiting') {
        this.#enter({ phase: 'queued', since: Date.now() });
        await turn.given;
      }
      this.#requireStartable();
      if (this.#spec.isolation === 'thread') requireDataRoom(this.id, this.#spec.memoryMb);
      const located = this.#spec.locateCode?.();
      const place = located instanceof Promise ? await located : located;
      this.#requireStartable();
      return this.#start(place, turn);
    } catch (reason) {
      turn.end();
      if (this.#state.phase === 'queued' || this.#state.phase === 'starting') this.#enter(IDLE);
      throw reason;
    }
  }

  #requireStartable(): void {
    if (this.#closed || this.#policy.verdict().kind !== 'allowed') throw this.#unavailable();
    const { abandoned } = this.#parts;
    if (abandoned.forbidStart(this.id, this.#spec.kind)) throw abandoned.error(this.id, this.#spec.kind);
  }

  #start(place: CodePlace | undefined, turn: StartTurn): WorkerSession {
    this.#policy.starting();
    this.#starts += 1;
    this.#enter({ phase: 'starting', since: Date.now() });
    const session: WorkerSession = new WorkerSession({
      spec: { ...this.#spec, ...place },
      parts: {
        ...this.#parts,
        log: (connector, record) => {
          const told = this.#toldStarts.filter(record);
          if (told !== undefined) this.#parts.log(connector, told);
        },
      },
      turn,
      onLevel: (level, description) => this.#onLevel(session, level, description),
      onDiscovered: (description) => this.#learn(session, description),
      onEnd: (end) => this.#onEnd(session, end),
    });
    this.#session = session;
    return session;
  }

  #onLevel(session: WorkerSession, level: WorkerLevel, description: ConnectorDescription): void {
    if (session !== this.#session) return;
    this.#learn(session, description);
    if (level === 'described') this.#watchIdle();
    if (level === 'initialized') this.#policy.running();
    const repeated = level === 'ready' ? this.#toldStarts.recover() : undefined;
    if (repeated !== undefined) this.#parts.note(this.id, 'info', repeated);
    const since = this.#state.phase === 'running' ? this.#state.since : Date.now();
    if (this.#state.phase !== 'stopping') this.#enter({ phase: 'running', since, level });
  }

  /** Until the remote system has been asked, what it offered the last time is what it offers. */
  #learn(session: WorkerSession, description: ConnectorDescription): void {
    if (session !== this.#session) return;
    const before = this.#description;
    this.#description = withLastKnown(description, before);
    const { discovery } = this.#description;
    if (discovery !== undefined && discovery !== before?.discovery) this.#parts.events.onActions?.(this.id);
  }

  #onEnd(session: WorkerSession, end: SessionEnd): void {
    if (session !== this.#session) return;
    this.#session = undefined;
    clearTimeout(this.#idleTimer);
    this.#droppedMessages += session.inbox.strays;
    this.#droppedLines += session.inbox.droppedLines;
    if (end.intended || isSystemLimit(end.error)) {
      if (!this.#closed) this.#enter(IDLE);
      for (const { settle } of end.unsent) settle({ ok: false, error: this.#unavailable().toEnvelope() });
      return;
    }
    const verdict = end.whileStarting ? this.#policy.startFailed() : this.#policy.crashed();
    if (!end.orderly) this.#reportCrash(end);
    if (!end.whileStarting) this.#poisonous.blame(end.cause, end.suspects);
    this.#enter({ phase: verdict.kind, error: end.error, crashes: this.#policy.failures, retryAt: verdict.retryAt });
    for (const unsent of end.unsent) void this.#resend(unsent);
  }

  #reportCrash({ cause, error, suspects }: SessionEnd): void {
    this.#crashes += 1;
    this.#parts.note(this.id, 'error', error.message, crashFields(cause, suspects));
    this.#parts.events.onCrash(this.id, error, this.#spec.packageVersion);
  }

  /** A call that the worker which died did not begin goes to the next one. */
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

  #unavailable(): UnavailableError {
    return workerUnavailable(this.id, this.#state);
  }
}
