import { quote } from './quote.ts';

/** One step of a path through a configuration: a key or an index. */
export type PathStep = string | number;

const PLAIN_KEY = /^[\p{L}\p{N}_$-]+$/u;

/** Adds one step to a path as problems write it: `connectors[0]`, `metadata["a.b"]`. */
export function appendPath(path: string, step: PathStep): string {
  if (typeof step === 'number') return `${path}[${step}]`;
  if (!PLAIN_KEY.test(step)) return `${path}[${quote(step.length > 80 ? `${step.slice(0, 80)}…` : step)}]`;
  return path === '' ? step : `${path}.${step}`;
}

/** A whole path as problems write it: `connectors[0].health_check.interval`. */
export function formatPath(steps: readonly PathStep[], base = ''): string {
  return steps.reduce<string>(appendPath, base);
}
