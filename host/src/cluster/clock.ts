/** By what time is told and things are done later. A simulation has one of its own. */
export interface Clock {
  /** Milliseconds that nobody sets, from some moment on. */
  now(): number;
  /** Gives what calls it off. It does not keep the program alive. */
  after(ms: number, run: () => void): () => void;
  every(ms: number, run: () => void): () => void;
}

/** A clock in parts: one that nobody sets, but which stands still while the machine is suspended, and the time of day. Both in milliseconds. */
export interface ClockParts {
  steady(): number;
  wall(): number;
}

/** By so much the time of day must have gone ahead of the steady clock for the machine to have been suspended, in milliseconds. */
const SUSPENDED_MS = 100;
/** For so long the two may drift apart before they are compared anew, in milliseconds. */
const COMPARED_MS = 10_000;

/**
 * A steady clock that goes on while the machine is suspended: then another host has taken what this one held, and by the steady clock alone
 * its lease would still be valid. Where the time of day is set ahead it goes ahead as well, which costs a lease at most; never back.
 */
export function wakefulClock({ steady, wall }: ClockParts): () => number {
  let since = { steady: steady(), wall: wall() };
  let suspended = 0;
  return () => {
    const now = { steady: steady(), wall: wall() };
    const passed = now.steady - since.steady;
    const ahead = now.wall - since.wall - passed;
    if (Math.abs(ahead) > SUSPENDED_MS || passed > COMPARED_MS) {
      if (ahead > SUSPENDED_MS) suspended += ahead;
      since = now;
    }
    return now.steady + suspended;
  };
}

export const SYSTEM_CLOCK: Clock = {
  now: wakefulClock({ steady: () => performance.now(), wall: () => Date.now() }),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
  every(ms, run) {
    const timer = setInterval(run, ms).unref();
    return () => clearInterval(timer);
  },
};
