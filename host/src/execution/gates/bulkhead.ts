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
  /** The same of those that had a place before, and go first. */
  readonly #returning = new Set<() => void>();
  /** Calls that have given their place up and want it back. */
  #aside = 0;
  #inFlight = 0;
  #idle: (() => void)[] = [];

  constructor(options: BulkheadOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Calls that wait: for a place, or aside. */
  get queued(): number {
    return this.#waiting.size + this.#aside;
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
    const waiting = this.queued;
    if (waiting >= queue)
      throw new OverloadedError(
        `${concurrency} calls are in flight and ${waiting} are waiting, which is all that limits.concurrency and limits.queue allow`,
        { retryAfterMs: 1_000 },
      );
    await this.#wait(this.#waiting, patience);
  }

  /**
   * Gives a place up while its call waits for something else, and takes it back afterwards, before those that never had one. Who waits
   * so counts among those that wait for a place. However it ends, the call has a place then, and owes its `leave` as before. Throws
   * what the wait does, and what `enter` does.
   */
  async aside(patience: Patience, wait: () => Promise<void>): Promise<void> {
    const waiting = this.queued;
    // The first of those without a place gets this one.
    if (waiting - Math.min(1, this.#waiting.size) >= this.#options.queue)
      throw new OverloadedError(`${waiting} calls are waiting, which is all that limits.queue allows`, {
        retryAfterMs: 1_000,
        details: { reason: 'rate_queue_full' },
      });
    this.#aside += 1;
    this.#free();
    let back = false;
    try {
      await wait();
      if (!this.tryEnter()) await this.#wait(this.#returning, patience);
      back = true;
    } finally {
      this.#aside -= 1;
      // Its place is given back in a moment, and to nobody before.
      if (!back) this.#inFlight += 1;
    }
  }

  /** Gives the place to the next in line. */
  leave(): void {
    this.#free();
    if (this.#isIdle) for (const done of this.#idle.splice(0)) done();
  }

  /** Resolves when nothing is in flight, nor aside, at the latest after `timeoutMs`. */
  async drained(timeoutMs: number): Promise<void> {
    if (this.#isIdle) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  get #isIdle(): boolean {
    return this.#inFlight === 0 && this.#aside === 0;
  }

  #free(): void {
    this.#inFlight -= 1;
    for (const line of [this.#returning, this.#waiting])
      for (const admit of line) {
        if (this.#inFlight >= this.#options.concurrency) return;
        line.delete(admit);
        this.#inFlight += 1;
        admit();
      }
  }

  #wait(line: Set<() => void>, patience: Patience): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Stops waiting at once: a call that has its place can no longer give up waiting for it.
    const admit = (): void => {
      letGo();
      resolve();
    };
    line.add(admit);
    const letGo = startPatience(patience, (end) => {
      line.delete(admit);
      reject(
        end === 'deadline'
          ? new TimeoutError('the deadline passed while the call was waiting for its turn', {
              effect: 'none',
              blame: 'operator',
            })
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
