import { monitorEventLoopDelay } from 'node:perf_hooks';

const NANOSECONDS_PER_MS = 1e6;
/** How often the event loop is looked at. Each look wakes the process. */
const RESOLUTION_MS = 50;

/** How late the event loop came to what was due, in milliseconds. */
export interface Lag {
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Measures how late the event loop of this thread is, from now on. It does not keep the process alive. */
export class LoopLag {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#delay.enable();
  }

  /** Since the last reading; undefined where nothing was measured. */
  read(): Lag | undefined {
    const { count, mean, max } = this.#delay;
    if (count === 0) return undefined;
    const p99 = this.#delay.percentile(99);
    this.#delay.reset();
    return { meanMs: lateness(mean), p99Ms: lateness(p99), maxMs: lateness(max) };
  }

  close(): void {
    this.#delay.disable();
  }
}

/** What Node.js measures is the time from one look to the next, of which the interval itself is no lateness. */
function lateness(nanoseconds: number): number {
  return Math.max(0, nanoseconds / NANOSECONDS_PER_MS - RESOLUTION_MS);
}
