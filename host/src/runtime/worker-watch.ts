import type { KillReason } from './death.ts';
import type { Body } from './bodies/body.ts';

export interface WorkerWatchOptions {
  /** Milliseconds between two looks. */
  readonly everyMs: number;
  /** Milliseconds that an event loop may be busy without a call before it is asked for a sign of life. */
  readonly stuckMs: number;
  /** Hears of a look that failed; the next one comes all the same. */
  onFault(fault: unknown): void;
}

/** What a session of a worker shows of itself to be watched. */
export interface WatchedSession {
  readonly body: Pick<Body, 'alive' | 'ownBytes' | 'memory' | 'loopTimes'>;
  /** Undefined before its connector stands. */
  readonly level: unknown;
  readonly pending: number;
  readonly memoryMb: number;
  readonly inbox: { readonly lastPongAt: number };
  /** Its start, whose place others may have while it waits for something else than a processor. */
  readonly turn: { works(working: boolean): void };
  ping(): void;
  kill(reason: KillReason, message: string): void;
}

interface Watched {
  times: ReturnType<Body['loopTimes']>;
  /** Share of the time since the last look that the loop was busy. */
  utilization: number;
  busySince: number | undefined;
  pingedAt: number | undefined;
  memoryBytes: number;
  asking: boolean;
}

/** A loop that rests less of the time is asked for a sign of life. Far from 1, as a process's rest is only known roughly. */
const BUSY = 0.5;

/** How long a sign of life may take. */
const PONG_MS = 1000;

const MB = 1024 * 1024;
const toMb = (bytes: number): number => Math.round(bytes / MB);

/**
 * Looks after the workers between and during calls: ends one that holds more memory than it may (heap, buffers and all;
 * the engine's own limits know only the heap) or that spins although nobody called it.
 */
export class WorkerWatch {
  readonly #options: WorkerWatchOptions;
  readonly #watched = new Map<WatchedSession, Watched>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WorkerWatchOptions) {
    this.#options = options;
  }

  add(session: WatchedSession): void {
    this.#watched.set(session, {
      times: session.body.loopTimes(),
      utilization: 0,
      busySince: undefined,
      pingedAt: undefined,
      memoryBytes: 0,
      asking: false,
    });
    this.#timer ??= setInterval(() => this.#look(), this.#options.everyMs).unref();
  }

  remove(session: WatchedSession): void {
    this.#watched.delete(session);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** What was seen when last looked at: heap and buffers in bytes, and how busy the loop was, 0 to 1. */
  loadOf(session: WatchedSession): { readonly memoryBytes: number; readonly utilization: number } {
    const { memoryBytes = 0, utilization = 0 } = this.#watched.get(session) ?? {};
    return { memoryBytes, utilization };
  }

  #look(): void {
    for (const [session, watched] of this.#watched) {
      if (!session.body.alive) continue;
      try {
        this.#weigh(session, watched);
        this.#listen(session, watched);
      } catch (fault) {
        this.#options.onFault(fault);
      }
    }
  }

  #weigh(session: WatchedSession, watched: Watched): void {
    if (watched.asking) return;
    watched.asking = true;
    session.body.memory().then(
      (bytes) => {
        watched.asking = false;
        watched.memoryBytes = bytes;
        const { ownBytes } = session.body;
        if (bytes > session.memoryMb * MB + ownBytes) {
          const own = ownBytes === 0 ? '' : `, and its process may hold ${toMb(ownBytes)} besides`;
          session.kill(
            'memory_exceeded',
            `it held ${toMb(bytes)} MB, its limits.memory_mb is ${session.memoryMb}${own}`,
          );
        }
      },
      () => {
        // It ended meanwhile.
        watched.asking = false;
      },
    );
  }

  /** With calls pending their deadlines tell busy from stuck. Without any, a loop that hardly rests has to show that it still turns. */
  #listen(session: WatchedSession, watched: Watched): void {
    const now = Date.now();
    const times = session.body.loopTimes();
    const active = times.active - watched.times.active;
    const idle = times.idle - watched.times.idle;
    watched.utilization = active <= 0 || active + idle <= 0 ? 0 : Math.min(1, active / (active + idle));
    watched.times = times;
    // A loop that has not begun to turn yet neither works nor rests by its own account: it works.
    session.turn.works(active >= idle);
    if (session.level === undefined || session.pending > 0 || watched.utilization < BUSY) {
      watched.busySince = undefined;
      watched.pingedAt = undefined;
      return;
    }
    watched.busySince ??= now;
    if (watched.pingedAt === undefined) {
      if (now - watched.busySince < this.#options.stuckMs) return;
      watched.pingedAt = now;
      session.ping();
    } else if (session.inbox.lastPongAt >= watched.pingedAt) {
      watched.busySince = now;
      watched.pingedAt = undefined;
    } else if (now - watched.pingedAt > PONG_MS) {
      session.kill(
        'unresponsive',
        `its event loop has stood still for ${now - watched.busySince} ms although no call was running`,
      );
    }
  }
}
