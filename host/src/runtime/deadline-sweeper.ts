import { LONGEST_TIMER_MS } from '@automate/contract';

/** Something that has deadlines. */
export interface Sweepable {
  /** Acts on what is due and says when to look again; Infinity when nothing is left to wait for. */
  sweep(now: number): number;
}

/** When a source that failed is asked again. */
const AGAIN_MS = 1000;

/**
 * One timer for all deadlines of all workers: a timer of its own for each call would cost more than the call.
 * It is unreferenced: whoever waits for an answer holds the port, and that keeps the process.
 */
export class DeadlineSweeper {
  readonly #onFault: (fault: unknown) => void;
  readonly #sources = new Set<Sweepable>();
  readonly #wake = (): void => this.#sweep();
  #timer: NodeJS.Timeout | undefined;
  #wakeAt = Infinity;

  /** @param onFault hears of a source that failed; it is asked again, and the others go on */
  constructor(onFault: (fault: unknown) => void) {
    this.#onFault = onFault;
  }

  add(source: Sweepable): void {
    this.#sources.add(source);
  }

  remove(source: Sweepable): void {
    this.#sources.delete(source);
  }

  /** Looks at the latest at this time, in milliseconds since the epoch. */
  wakeBy(at: number): void {
    if (at >= this.#wakeAt) return;
    this.#arm(at);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#wakeAt = Infinity;
    this.#sources.clear();
  }

  #arm(at: number): void {
    clearTimeout(this.#timer);
    this.#wakeAt = at;
    // A timer holds 31 bits; longer waits come round again.
    const delay = Math.min(Math.max(1, at - Date.now()), LONGEST_TIMER_MS);
    this.#timer = setTimeout(this.#wake, delay).unref();
  }

  #sweep(): void {
    this.#wakeAt = Infinity;
    const now = Date.now();
    let next = Infinity;
    for (const source of this.#sources) next = Math.min(next, this.#ask(source, now));
    if (next < this.#wakeAt) this.#arm(next);
  }

  #ask(source: Sweepable, now: number): number {
    try {
      return source.sweep(now);
    } catch (fault) {
      this.#onFault(fault);
      return now + AGAIN_MS;
    }
  }
}
