// Long, as one life of a worker is told in one place.
import { randomUUID } from 'node:crypto';
import type { ConnectorDescription, ErrorEnvelope, Outcome } from '@automate/contract';
import { ConnectorError } from '@automate/contract';
import { ActionWatch, askActions } from './ask-actions.ts';
import type { Body } from './bodies/body.ts';
import { Channel } from './channel.ts';
import type { Cause, KillReason } from './death.ts';
import { causeOf, scrubCause, workerLost } from './death.ts';
import type { ChannelCall, HeldCall } from './held-calls.ts';
import { Inbox } from './inbox.ts';
import { parseDescription } from './parse-description.ts';
import type { Suspect } from './poisonous-calls.ts';
import type { RuntimeParts } from './runtime-parts.ts';
import { withOriginalPaths } from './original-paths.ts';
import type { CodePlace, WorkerLevel, WorkerSpec, WorkerUse } from './runtime.ts';
import { NO_REACH } from './runtime.ts';
import { createStartTask } from './start-task.ts';
import type { StartTurn } from './start-queue.ts';
import { findSystemLimit, startTimedOut } from './worker-errors.ts';

const LEVELS: readonly WorkerLevel[] = ['described', 'initialized', 'ready'];

/** How a session ended. */
export interface SessionEnd {
  readonly cause: Cause;
  readonly error: ErrorEnvelope;
  /** Ended because the host wanted it so. */
  readonly intended: boolean;
  /** It ended before its adapter was initialized. */
  readonly whileStarting: boolean;
  /** It reported its own failure to start, or took too long; its thread did not crash. */
  readonly orderly: boolean;
  /** Calls that were never begun. */
  readonly unsent: readonly HeldCall[];
  /** Calls of which one ended it; none where no call did. */
  readonly suspects: readonly Suspect[];
}

export interface SessionOptions {
  readonly spec: Omit<WorkerSpec, 'idleStopMs' | 'locateCode'> & Pick<CodePlace, 'snapshot'>;
  readonly parts: RuntimeParts;
  /** Of its start, which has begun. It ends with the session at the latest. */
  readonly turn: StartTurn;
  onLevel(level: WorkerLevel, description: ConnectorDescription): void;
  /** What it can do has changed while it runs, or could not be learned anew. */
  onDiscovered(description: ConnectorDescription): void;
  onEnd(end: SessionEnd): void;
}

/** Reasons of a refused configuration that leave the adapter as it was; any other leaves it half made, to be built anew. */
const UNTOUCHED: ReadonlySet<unknown> = new Set(['settings_invalid', 'path_not_granted']);

/** One life of a worker: its body, its channel, and how far its adapter has come. Never restarted; the next life is a new session. */
export class WorkerSession {
  readonly #options: SessionOptions;
  readonly #body: Body;
  readonly #channel: Channel;
  readonly #inbox: Inbox;
  readonly #described = Promise.withResolvers<ConnectorDescription>();
  readonly #ended = Promise.withResolvers<void>();
  #level: WorkerLevel | undefined;
  /** The step under way, shared by all who want it. */
  #step: Promise<void> | undefined;
  readonly #bornAt = Date.now();
  #startedAt = this.#bornAt;
  #startTimer: NodeJS.Timeout | undefined;
  #takesSecrets = false;
  #ending = false;
  /** What it can do, by what it said last. */
  #description: ConnectorDescription | undefined;
  readonly #actions = new ActionWatch(() => this.#askAgain());
  /** Why the start failed, where that is known better than from the death that follows. */
  #startError: ConnectorError | undefined;

  constructor(options: SessionOptions) {
    const { spec } = options;
    const parts = withOriginalPaths(options.parts, spec.snapshot);
    this.#options = { ...options, parts };
    const { id, kind, isolation, memoryMb } = spec;
    const seal = randomUUID();
    const task = createStartTask(spec, { seal, compileCacheDirectory: parts.compileCacheDirectory });
    this.#body = parts.bodies[isolation](
      task,
      { memoryMb, reach: spec.reach ?? NO_REACH },
      {
        onMessage: (raw) => this.#inbox.take(raw),
        onDeath: (death) => this.#onDeath(scrubCause(causeOf(death), parts.secrets)),
        onLinger: (gone) => {
          parts.abandoned.add(id, kind, gone);
          const message = `the ${isolation} of an ended worker is still there, blocked outside JavaScript`;
          parts.note(id, 'warn', message, parts.abandoned.countsOf(id));
        },
      },
    );
    this.#channel = new Channel({
      id,
      sweeper: parts.sweeper,
      // A body on the host's own event loop cannot be stuck while the host runs.
      ackMs: this.#body.ownLoop ? parts.ackMs : Infinity,
      graceMs: parts.graceMs,
      heldForMs: spec.heldForMs,
      post: (batch) => this.#body.post(batch),
      scrub: (text) => parts.secrets.scrubText(text),
      hold: () => this.#body.hold(),
      release: () => this.#body.release(),
      onStuck: (message) => this.kill('killed_after_deadline', message),
    });
    this.#inbox = new Inbox({
      id,
      seal,
      channel: this.#channel,
      parts,
      onDescribed: (text) => this.#onDescribed(text),
      onStartFailed: (error) => this.#onStartFailed(error),
      onActionsChanged: () => void this.#actions.want(),
      onReport: (report) => this.#body.noteReport(report),
      onViolation: (message) => this.kill('protocol_violation', message),
    });
    // The promise may fail without anyone waiting for it.
    this.#described.promise.catch(() => {});
    this.#body.hold();
    this.#startTimer = setTimeout(() => this.#startTimedOut('load'), spec.startTimeoutMs);
    parts.watch.add(this);
  }

  get turn(): StartTurn {
    return this.#options.turn;
  }

  get body(): Body {
    return this.#body;
  }

  /** The directory of the copy that it runs from. */
  get snapshotDir(): string | undefined {
    return this.#options.spec.snapshot?.directory;
  }

  /** In milliseconds since the epoch; undefined where it lives in the host's own thread. */
  get startedAt(): number | undefined {
    return this.#body.ownLoop ? this.#bornAt : undefined;
  }

  get memoryMb(): number {
    return this.#options.spec.memoryMb;
  }

  get level(): WorkerLevel | undefined {
    return this.#level;
  }

  /** Whether the adapter is initialized, and takes other secrets without a new start. */
  get takesSecrets(): boolean {
    return this.#takesSecrets;
  }

  get pending(): number {
    return this.#channel.pending;
  }

  get inbox(): Pick<Inbox, 'strays' | 'droppedLines' | 'lastPongAt'> {
    return this.#inbox;
  }

  /** Whether it takes calls. */
  get open(): boolean {
    return !this.#ending && this.#level !== undefined && this.#body.alive;
  }

  /** It ends by itself: settles once it has. Undefined where it does not. */
  get dying(): Promise<void> | undefined {
    return this.#level === undefined || this.#ending || this.#body.alive ? undefined : this.#ended.promise;
  }

  call(call: ChannelCall): Promise<Outcome<string>> {
    return this.#channel.call(call);
  }

  /** What it has used by now. Rejects once it has ended. */
  async use(): Promise<WorkerUse> {
    const { lagMs } = this.#inbox;
    // The answer is there the next time.
    if (this.#level !== undefined && this.#body.ownLoop) this.ping();
    const cpuMs = await this.#body.cpuTime();
    const { active, idle } = this.#body.loopTimes();
    return {
      startedAt: this.#bornAt,
      memoryBytes: this.#options.parts.watch.loadOf(this).memoryBytes,
      cpuMs,
      activeMs: active,
      idleMs: idle,
      lagMs,
    };
  }

  ping(): void {
    this.#inbox.notePing();
    this.#channel.ping();
  }

  /** Brings the adapter as far as `level`. Rejects with the ConnectorError of the step that failed. */
  async reach(level: WorkerLevel): Promise<ConnectorDescription> {
    const description = await this.#described.promise;
    while (!this.#has(level)) {
      if (this.#step === undefined) {
        const next = this.#has('initialized') ? this.#connect(description) : this.#initialize(description);
        this.#step = next.finally(() => {
          this.#step = undefined;
        });
      }
      await this.#step;
    }
    return this.#description ?? description;
  }

  kill(reason: KillReason, message: string): void {
    this.#body.kill(reason, message);
  }

  /** Lets calls under way end, closes the adapter, both within `graceMs`, then ends the body. */
  async stop(graceMs: number): Promise<void> {
    this.#ending = true;
    if (this.#has('initialized') && this.#body.alive && graceMs > 0) {
      const deadline = Date.now() + graceMs;
      // A quarter of the grace is kept for the adapter's closing.
      await Promise.race([this.#channel.drained((graceMs * 3) / 4), this.#ended.promise]);
      await Promise.race([
        this.#channel.call({ op: 'close', action: '', payload: '{}', deadline }),
        this.#ended.promise,
      ]);
    }
    this.kill('stopping', 'the host stopped it');
    await this.#ended.promise;
  }

  #has(level: WorkerLevel): boolean {
    return this.#level !== undefined && LEVELS.indexOf(this.#level) >= LEVELS.indexOf(level);
  }

  async #initialize(description: ConnectorDescription): Promise<void> {
    const { spec } = this.#options;
    const deadline = this.#stepDeadline();
    const config = await spec.resolveConfig(description);
    const outcome = await this.#channel.call({
      op: 'initialize',
      action: '',
      payload: JSON.stringify(config),
      deadline,
    });
    if (outcome.ok) {
      this.#takesSecrets = outcome.value === 'true';
      this.#rise('initialized', description);
      return;
    }
    const error = ConnectorError.fromEnvelope(outcome.error);
    if (UNTOUCHED.has(error.details?.['reason'])) throw error;
    if (Date.now() >= deadline) this.#startTimedOut('initialize');
    else this.#failStart(error);
    await this.#ended.promise;
    throw this.#startError ?? error;
  }

  async #connect(description: ConnectorDescription): Promise<void> {
    const outcome = await this.#channel.call({
      op: 'connect',
      action: '',
      payload: '{}',
      deadline: this.#stepDeadline(),
    });
    if (!outcome.ok) throw ConnectorError.fromEnvelope(outcome.error);
    this.#rise('ready', await askActions(this.#channel, description, this.#stepDeadline()));
  }

  /** While it runs. What cannot be learned leaves what is known. */
  async #askAgain(): Promise<boolean> {
    const before = this.#description;
    // What is not ready yet asks by itself.
    if (before === undefined || !this.open || !this.#has('ready')) return false;
    this.#description = await askActions(this.#channel, before, Date.now() + this.#options.spec.startTimeoutMs).catch(
      (reason: unknown) => ({
        ...before,
        discovery: { ...before.discovery, error: ConnectorError.from(reason).message },
      }),
    );
    if (this.open) this.#options.onDiscovered(this.#description);
    return this.open;
  }

  /** A start has `startTimeoutMs` in all; a step that begins later, on a worker that was described long ago, has as much anew. */
  #stepDeadline(): number {
    const { startTimeoutMs } = this.#options.spec;
    const now = Date.now();
    if (now >= this.#startedAt + startTimeoutMs / 2) this.#startedAt = now;
    return this.#startedAt + startTimeoutMs;
  }

  #rise(level: WorkerLevel, description: ConnectorDescription): void {
    this.#level = level;
    this.#description = description;
    this.#options.onLevel(level, description);
  }

  /** Callers are told once the thread has ended: a call that they make then meets the restart policy's decision. */
  #failStart(error: ConnectorError, reason: KillReason = 'start_failed'): void {
    this.#startError ??= error;
    this.kill(reason, error.message);
  }

  #startTimedOut(step: 'load' | 'initialize'): void {
    const { id, startTimeoutMs } = this.#options.spec;
    this.#failStart(startTimedOut(id, startTimeoutMs, step), 'start_timeout');
  }

  #onStartFailed(error: ErrorEnvelope): boolean {
    if (this.#level !== undefined) return false;
    this.#failStart(ConnectorError.fromEnvelope(error));
    return true;
  }

  #onDescribed(text: string): boolean {
    if (this.#level !== undefined) return false;
    clearTimeout(this.#startTimer);
    let description: ConnectorDescription;
    try {
      description = parseDescription(text, this.#options.spec);
    } catch (reason) {
      this.#failStart(ConnectorError.from(reason));
      return true;
    }
    this.#body.release();
    this.#rise('described', description);
    this.#described.resolve(description);
    return true;
  }

  #onDeath(cause: Cause): void {
    const { spec, parts, onEnd } = this.#options;
    clearTimeout(this.#startTimer);
    parts.watch.remove(this);
    if (cause.reason === 'start_timeout' || cause.reason === 'killed_after_deadline') this.turn.fail();
    else this.turn.end();
    const intended = this.#ending;
    this.#ending = true;
    const orderly = cause.reason === 'start_failed' || cause.reason === 'start_timeout';
    const whileStarting =
      orderly || this.#level === undefined || (!this.#has('initialized') && this.#step !== undefined);
    const lost = workerLost(spec.id, cause);
    const failure = orderly && this.#startError !== undefined ? this.#startError.toEnvelope() : lost;
    const error = (whileStarting ? findSystemLimit(spec.id, failure)?.toEnvelope() : undefined) ?? failure;
    onEnd({ cause, error, intended, whileStarting, orderly, ...this.#channel.close(lost, cause) });
    this.#described.reject(ConnectorError.fromEnvelope({ ...error, effect: 'none' }));
    this.#ended.resolve();
  }
}
