import type { Patience } from '@automate/contract';
import { CancelledError, OverloadedError, startPatience, TimeoutError } from '@automate/contract';
import type { Gate } from './gate.ts';

export interface BulkheadOptions {
  /** Calls in flight at once. */
  readonly concurrency: number;
  /** Calls that may wait. */
  readonly queue: number;
}

/**
 * Bounds what one connector has in flight and waiting. Written here rather than taken from a library because a call
 * whose deadline passes or whose caller leaves must give its place in the queue back at once: otherwise a stuck
 * connector's dead calls keep living ones out.
 */
export class Bulkhead {
  readonly #options: BulkheadOptions;
  /** Admits each, in the order in which they came. */
  readonly #waiting = new Set<() => void>();
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
    const [admit] = this.#waiting;
    if (admit !== undefined) {
      this.#waiting.delete(admit);
      admit();
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

  #wait(patience: Patience): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Stops waiting at once: a call that has its place can no longer give up waiting for it.
    const admit = (): void => {
      letGo();
      resolve();
    };
    this.#waiting.add(admit);
    const letGo = startPatience(patience, (end) => {
      this.#waiting.delete(admit);
      reject(
        end === 'deadline'
          ? new TimeoutError('the deadline passed while the call was waiting for its turn', { effect: 'none' })
          : new CancelledError('the caller left while the call was waiting for its turn', { effect: 'none' }),
      );
    });
    return promise;
  }
}

/** The bulkhead of the connector that is called. */
export const bulkhead: Gate<Patience & { readonly target: { readonly bulkhead: Bulkhead } }> = {
  name: 'bulkhead',
  admit: (call) => (call.target.bulkhead.tryEnter() ? undefined : call.target.bulkhead.enter(call)),
  settle: (call) => call.target.bulkhead.leave(),
};
