import { CancelledError, LONGEST_TIMER_MS, OverloadedError, TimeoutError } from '@automate/contract';
import type { Gate } from './gate.ts';

export interface BulkheadOptions {
  /** Calls in flight at once. */
  readonly concurrency: number;
  /** Calls that may wait. */
  readonly queue: number;
}

/** How long a call may wait for its place. */
export interface Patience {
  /** Milliseconds since the epoch; Infinity waits for ever. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
}

interface Waiting {
  readonly admit: () => void;
}

/**
 * Bounds what one connector has in flight and waiting. Written here rather than taken from a library because a call
 * whose deadline passes or whose caller leaves must give its place in the queue back at once: otherwise a stuck
 * connector's dead calls keep living ones out.
 */
export class Bulkhead {
  readonly #options: BulkheadOptions;
  readonly #waiting = new Set<Waiting>();
  #inFlight = 0;
  #idle: (() => void)[] = [];

  constructor(options: BulkheadOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#waiting.size;
  }

  /** True when a call can start without waiting; it has taken its place then, and owes a `leave`. */
  tryEnter(): boolean {
    if (this.#inFlight >= this.#options.concurrency) return false;
    this.#inFlight += 1;
    return true;
  }

  /**
   * Waits for a place; whoever gets one owes a `leave`. Throws OverloadedError where the queue is full, TimeoutError
   * (effect `none`) where the deadline passes first, CancelledError where the caller leaves first.
   */
  async enter(patience: Patience): Promise<void> {
    if (this.tryEnter()) return;
    const { concurrency, queue } = this.#options;
    if (this.#waiting.size >= queue) {
      throw new OverloadedError(
        `${concurrency} calls are in flight and ${this.#waiting.size} are waiting, which is all that limits.concurrency and limits.queue allow`,
        { retryAfterMs: 1_000 },
      );
    }
    await this.#wait(patience);
  }

  /** Gives the place to the next in line. */
  leave(): void {
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      next.admit();
      return;
    }
    this.#inFlight -= 1;
    if (this.#inFlight === 0) for (const done of this.#idle.splice(0)) done();
  }

  /** Resolves when nothing is in flight, at the latest after `timeoutMs`. */
  async drained(timeoutMs: number): Promise<void> {
    if (this.#inFlight === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wait({ deadline, signal }: Patience): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const cleanUp = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', cancel);
      };
      const waiting: Waiting = {
        admit: () => {
          cleanUp();
          resolve();
        },
      };
      const giveUp = (error: Error): void => {
        cleanUp();
        this.#waiting.delete(waiting);
        reject(error);
      };
      const cancel = (): void =>
        giveUp(new CancelledError('the caller left while the call was waiting for its turn', { effect: 'none' }));
      const waitMs = deadline - Date.now();
      const timer =
        waitMs > LONGEST_TIMER_MS
          ? undefined
          : setTimeout(
              () =>
                giveUp(
                  new TimeoutError('the deadline passed while the call was waiting for its turn', { effect: 'none' }),
                ),
              Math.max(0, waitMs),
            );
      if (signal?.aborted === true) return cancel();
      signal?.addEventListener('abort', cancel, { once: true });
      this.#waiting.add(waiting);
    });
  }
}

/** The bulkhead of the connector that is called. */
export const bulkhead: Gate<Patience & { readonly target: { readonly bulkhead: Bulkhead } }> = {
  name: 'bulkhead',
  admit: (call) => (call.target.bulkhead.tryEnter() ? undefined : call.target.bulkhead.enter(call)),
  settle: (call) => call.target.bulkhead.leave(),
};
