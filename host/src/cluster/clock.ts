/** By what time is told and things are done later. A simulation has one of its own. */
export interface Clock {
  /** Milliseconds that nobody sets, from some moment on. */
  now(): number;
  /** Gives what calls it off. It does not keep the program alive. */
  after(ms: number, run: () => void): () => void;
  every(ms: number, run: () => void): () => void;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
  every(ms, run) {
    const timer = setInterval(run, ms).unref();
    return () => clearInterval(timer);
  },
};
