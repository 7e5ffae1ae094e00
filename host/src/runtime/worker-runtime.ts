import { AsyncLocalStorage } from 'node:async_hooks';
import type { ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { ConnectorDescription, Problem } from '@automate/contract';
import type { UnavailableError } from '@automate/contract';
import { ConnectorError, ConnectorInternalError } from '@automate/contract';
import { hostEnding } from '@automate/contract/service';
import { AbandonedThreads } from './abandoned-threads.ts';
import type { Bodies } from './bodies/body.ts';
import { GroupGuard } from './bodies/group-guard.ts';
import { createInlineBody } from './bodies/inline-body.ts';
import { createChildren, createProcessBodies } from './bodies/process-body.ts';
import { createRestrictedBodies } from './bodies/restricted-body.ts';
import type { PooledThread } from './bodies/pooled-thread.ts';
import { POOLED_THREADS } from './bodies/pooled-thread.ts';
import { Spare } from './bodies/spare.ts';
import { createThreadBodies } from './bodies/thread-body.ts';
import type { Walls } from './bodies/walls.ts';
import { findWalls } from './bodies/walls.ts';
import { RESULT_LIMITS } from './bounds.ts';
import { requireDataRoom } from './data-room.ts';
import { DeadlineSweeper } from './deadline-sweeper.ts';
import { LogIntake } from './log-intake.ts';
import { parseProblems } from './parse-envelope.ts';
import { parseObject } from './parse-object.ts';
import type { RestartPolicyOptions } from './restart-policy.ts';
import type { RuntimeParts } from './runtime-parts.ts';
import type {
  ConnectorWorker,
  InspectSpec,
  Runtime,
  SecretFilter,
  Validate,
  WorkerEvents,
  WorkerSpec,
} from './runtime.ts';
import type { StartTurn } from './start-queue.ts';
import { StartQueue } from './start-queue.ts';
import { SupervisedWorker } from './supervised-worker.ts';
import { WorkerSession } from './worker-session.ts';
import { WorkerWatch } from './worker-watch.ts';

export interface WorkerRuntimeOptions {
  readonly events: WorkerEvents;
  /** Default: everything passes as it is. */
  readonly secrets?: SecretFilter;
  /** When workers that died may start again; what is not given keeps its default. */
  readonly policy?: Partial<RestartPolicyOptions>;
  /** Milliseconds for a worker to acknowledge a cancellation before it counts as stuck. Default 50. */
  readonly ackMs?: number;
  /** Milliseconds for a cancelled call to end before its worker is killed. Default 1000. */
  readonly graceMs?: number;
  /** Milliseconds for an adapter to close where the caller names none. Default 5000. */
  readonly closeGraceMs?: number;
  /** Milliseconds between two looks at memory and event loops. Default 250. */
  readonly watchMs?: number;
  /** Milliseconds that a worker may spin without a call. Default 5000. */
  readonly stuckMs?: number;
  /** Workers that may use a processor to start at the same time, at least 2. Default: two for each processor. */
  readonly startPlaces?: number;
  /** Where compiled code is kept, so that the next start is faster. Default: Node's own place. */
  readonly compileCacheDirectory?: string;
  /** What this system has to wall processes in. Default: what is found. */
  readonly walls?: Walls;
}

interface BodyParts {
  readonly threads: Spare<PooledThread>;
  readonly children: Spare<ChildProcess>;
  readonly walls: Walls;
  readonly guard: GroupGuard;
  readonly note: RuntimeParts['note'];
}

/**
 * All that a body hears comes in the asynchronous context in which it was made. That must be this one, and not the one of
 * the call that happened to start it: every later call would be taken for that caller's.
 */
function createBodies({ threads, children, walls, guard, note }: BodyParts): Bodies {
  const here = AsyncLocalStorage.snapshot();
  const inThread = createThreadBodies(threads);
  const inProcess = createProcessBodies(children);
  const restricted = createRestrictedBodies({
    walls,
    guard,
    warn: (id, message) => note(id, 'warn', message),
  });
  return {
    thread: (...given) => here(inThread, ...given),
    process: (...given) => here(inProcess, ...given),
    restricted: (...given) => here(restricted, ...given),
    none: (...given) => here(createInlineBody, ...given),
  };
}

/** Runs each connector in a body of its own, as isolated as it is asked for. */
export function createWorkerRuntime(options: WorkerRuntimeOptions): Runtime {
  return new WorkerRuntime(options);
}

class WorkerRuntime implements Runtime {
  readonly #parts: RuntimeParts;
  readonly #sweeper: DeadlineSweeper;
  readonly #workers = new Set<SupervisedWorker>();
  readonly #inspections = new Set<WorkerSession>();
  readonly #threads = new Spare(POOLED_THREADS);
  readonly #children: Spare<ChildProcess>;
  readonly #guard = new GroupGuard();
  #closed = false;

  constructor(options: WorkerRuntimeOptions) {
    const { events, compileCacheDirectory, walls = findWalls() } = options;
    this.#children = new Spare(createChildren({ walls, guard: this.#guard, compileCacheDirectory }));
    const intake = new LogIntake(events);
    this.#sweeper = new DeadlineSweeper((fault) => events.onFault(fault, 'the deadlines of a worker were looked at'));
    const places = Math.max(2, options.startPlaces ?? 2 * availableParallelism());
    const note: RuntimeParts['note'] = (connector, level, message, fields) =>
      events.onLog({
        connector,
        level,
        message,
        source: 'host',
        ...(fields === undefined ? {} : { fields: { ...fields } }),
      });
    this.#parts = {
      events,
      secrets: options.secrets ?? UNFILTERED,
      bodies: createBodies({ threads: this.#threads, children: this.#children, walls, guard: this.#guard, note }),
      sweeper: this.#sweeper,
      watch: new WorkerWatch({
        everyMs: options.watchMs ?? 250,
        stuckMs: options.stuckMs ?? 5000,
        onFault: (fault) => events.onFault(fault, 'a worker was looked after'),
      }),
      starts: new StartQueue({ places, backgroundPlaces: Math.ceil(places / 4) }),
      abandoned: new AbandonedThreads(() => events.onAbandoned?.()),
      policy: options.policy ?? {},
      ackMs: options.ackMs ?? 50,
      graceMs: options.graceMs ?? 1000,
      closeGraceMs: options.closeGraceMs ?? 5000,
      compileCacheDirectory,
      log: (connector, record) => intake.take(connector, record),
      record: (connector, record) => intake.record(connector, record),
      note,
    };
  }

  create(spec: WorkerSpec): ConnectorWorker {
    if (this.#closed) throw hostEnding().withConnector(spec.id);
    const worker: SupervisedWorker = new SupervisedWorker(spec, this.#parts, () => this.#workers.delete(worker));
    this.#workers.add(worker);
    return worker;
  }

  async inspect(
    spec: InspectSpec,
  ): Promise<{ readonly description: ConnectorDescription; readonly problems: readonly Problem[] }> {
    if (this.#closed) throw hostEnding();
    const { abandoned, starts } = this.#parts;
    if (abandoned.forbidStart(spec.kind, spec.kind)) throw abandoned.error(spec.kind, spec.kind);
    const turn = starts.take(spec.kind, true);
    try {
      await turn.given;
      return await this.#inspectNow(spec, turn);
    } finally {
      turn.end();
    }
  }

  async #inspectNow(
    spec: InspectSpec,
    turn: StartTurn,
  ): Promise<{ readonly description: ConnectorDescription; readonly problems: readonly Problem[] }> {
    if (spec.isolation === 'thread') requireDataRoom(spec.kind, spec.memoryMb);
    const place = await spec.locateCode?.();
    if (this.#closed) throw hostEnding();
    const session = new WorkerSession({
      spec: {
        ...spec,
        ...place,
        id: spec.kind,
        resolveConfig: () => {
          throw new Error('a worker that is only inspected is never initialized');
        },
      },
      parts: this.#parts,
      turn,
      onLevel: () => {},
      onDiscovered: () => {},
      onEnd: () => {},
    });
    this.#inspections.add(session);
    try {
      const description = await session.reach('described');
      const validate: Validate = async (check) => {
        const deadline = Date.now() + spec.startTimeoutMs;
        const payload = JSON.stringify(check);
        const outcome = await session.call({ op: 'validate', action: '', payload, deadline });
        if (!outcome.ok) throw ConnectorError.fromEnvelope(outcome.error);
        return readProblems(spec.kind, outcome.value);
      };
      spec.onDescribed?.(description);
      const problems = spec.check === undefined ? [] : await validate(spec.check);
      turn.succeed();
      await spec.ask?.(validate, description);
      return { description, problems };
    } finally {
      await session.stop(0);
      this.#inspections.delete(session);
    }
  }

  get abandonedThreads(): number {
    return this.#parts.abandoned.all;
  }

  unwell(): UnavailableError | undefined {
    return this.#parts.abandoned.hostError();
  }

  get waitingStarts(): number {
    return this.#parts.starts.waiting;
  }

  runs(connector: string): boolean {
    return [...this.#workers].some(({ id }) => id === connector);
  }

  runsFrom(directory: string): boolean {
    return [...this.#workers, ...this.#inspections].some(({ snapshotDir }) => snapshotDir === directory);
  }

  async close(options?: { readonly graceMs?: number }): Promise<void> {
    // What starts from now on nobody would end.
    this.#closed = true;
    this.#parts.starts.close();
    await Promise.all([
      ...[...this.#workers].map((worker) => worker.close(options)),
      // Without the sweeper nothing else would end one that hangs.
      ...[...this.#inspections].map((session) => session.stop(0)),
    ]);
    this.#sweeper.close();
    this.#threads.close();
    this.#children.close();
    this.#guard.close();
  }
}

function readProblems(kind: string, text: string): readonly Problem[] {
  const { problems } = parseObject(`{"problems":${text}}`, RESULT_LIMITS.bytes + 100) ?? {};
  const read = parseProblems(problems, RESULT_LIMITS);
  if (read !== undefined) return read;
  throw new ConnectorInternalError(`the worker of "${kind}" answered no list of problems when it was shown settings`, {
    effect: 'none',
    details: { reason: 'bad_validation' },
  });
}

const UNFILTERED: SecretFilter = {
  learn: () => {},
  scrubText: (text) => text,
  scrubString: (text) => text,
  scrubEnvelope: (envelope) => envelope,
};
