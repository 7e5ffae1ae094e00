/**
 * The functions that the worker's side of the channel lives on, taken before any connector can replace them. Only this
 * thread's own code uses them; what a connector does to the globals is its own affair.
 */
export const natives = {
  stringify: JSON.stringify as (value: unknown) => string | undefined,
  parse: JSON.parse as (text: string) => unknown,
  setImmediate: globalThis.setImmediate,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  now: Date.now,
} as const;
