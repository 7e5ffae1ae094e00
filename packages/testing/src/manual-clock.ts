/** A clock that stands still until it is told to go on. */
export interface ManualClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once the clock has gone on by so many milliseconds. Answers what cancels it. */
  setTimer(callback: () => void, delayMs: number): () => void;
  /** Resolves once the clock has gone on by so many milliseconds. */
  sleep(delayMs: number): Promise<void>;
  /** Goes on, and runs each timer that falls due, at its own time and in order, letting promises settle after each. */
  advance(byMs: number): Promise<void>;
  /** Timers that have not fallen due. */
  readonly pending: number;
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A manual clock. Default start: 2026-01-01T00:00:00Z. */
export function createManualClock(start: number = Date.UTC(2026, 0, 1)): ManualClock {
  let time = start;
  const timers = new Set<Timer>();
  const setTimer = (callback: () => void, delayMs: number): (() => void) => {
    const timer = { at: time + Math.max(0, delayMs), callback };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  return {
    now: () => time,
    setTimer,
    sleep: (delayMs) => new Promise((resolve) => void setTimer(resolve, delayMs)),
    async advance(byMs) {
      const until = time + byMs;
      for (let next = earliest(timers, until); next !== undefined; next = earliest(timers, until)) {
        timers.delete(next);
        time = next.at;
        next.callback();
        await settle();
      }
      time = until;
      await settle();
    },
    get pending() {
      return timers.size;
    },
  };
}

/** Of timers due at one time the one set first, as a Set keeps their order. */
function earliest(timers: ReadonlySet<Timer>, until: number): Timer | undefined {
  let found: Timer | undefined;
  for (const timer of timers) if (timer.at <= until && (found === undefined || timer.at < found.at)) found = timer;
  return found;
}

/** Lets everything that is already resolved run on. */
function settle(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
