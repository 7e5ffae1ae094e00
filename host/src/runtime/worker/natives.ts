/**
 * The functions that the worker's side of the channel needs, saved before a connector can replace them. Only the worker's own
 * code uses them; a connector may change the globals for itself.
 */
export const natives = {
  stringify: JSON.stringify as (value: unknown) => string | undefined,
  parse: JSON.parse as (text: string) => unknown,
  setImmediate: globalThis.setImmediate,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  now: Date.now,
  /** The machine's clock that nobody sets, the same in all its processes, in milliseconds. */
  monotonic: monotonicClock(),
  /** Blocks this thread, in milliseconds. */
  sleep: sleeper(),
} as const;

function monotonicClock(): () => number {
  const { bigint } = process.hrtime;
  return () => Number(bigint()) / 1e6;
}

function sleeper(): (ms: number) => void {
  const { wait } = Atomics;
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  return (ms) => void wait(nothing, 0, 0, ms);
}
