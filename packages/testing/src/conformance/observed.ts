import { inspect } from 'node:util';
import type { JsonValue } from '@automate/sdk';
import { ConnectorError } from '@automate/sdk';
import type { ErrorCode, Problem } from '@automate/contract';
import { holdsCanary } from './seen.ts';

/** What came of one call of an action, as the adapter's own code left it: nothing is masked, cut or encoded yet. */
export interface Observed {
  /** Milliseconds until it had settled. */
  readonly tookMs: number;
  /** It had not settled when its time was long over; the rest says nothing then. */
  readonly hung?: true;
  /** What it gave, where that is JSON of no more than a few kilobytes. */
  readonly result?: JsonValue;
  /** What of the result is no JSON: `.at: a Date`. */
  readonly notJson?: string;
  /** Size of the result as JSON. */
  readonly bytes?: number;
  readonly error?: ObservedError;
  /** Where a canary secret came up: `result`, `error`, `details`. */
  readonly leaks: readonly string[];
}

export interface ObservedError {
  readonly code: ErrorCode;
  readonly name: string;
  readonly message: string;
  readonly reason?: string;
  readonly retryAfterMs?: number;
  readonly problems: readonly Problem[];
  /** Of what kind the thrown thing was, where it was no error: `string`. */
  readonly thrown?: string;
}

const KEPT_BYTES = 16 * 1024;

/** What an action gave. */
export function observeResult(value: unknown, tookMs: number, canaries: ReadonlySet<string>): Observed {
  const leaks = holdsCanary([inspectDeep(value)], canaries) ? ['result'] : [];
  const notJson = findForeign(value, '', 0);
  if (notJson !== undefined) return { tookMs, notJson, leaks };
  const text = JSON.stringify(value ?? null);
  const bytes = Buffer.byteLength(text);
  return { tookMs, bytes, leaks, ...(bytes <= KEPT_BYTES ? { result: JSON.parse(text) as JsonValue } : {}) };
}

/** What an action threw, and what its adapter makes of that. */
export function observeError(
  thrown: unknown,
  error: ConnectorError,
  tookMs: number,
  canaries: ReadonlySet<string>,
): Observed {
  const details = ConnectorError.is(thrown) ? inspectDeep(thrown.details) : '';
  const words = thrown instanceof Error || ConnectorError.is(thrown) ? thrown.message : inspectDeep(thrown);
  const leaks = [
    ...(holdsCanary([words], canaries) ? ['error'] : []),
    ...(holdsCanary([details], canaries) ? ['details'] : []),
  ];
  const reason = error.details?.['reason'];
  return {
    tookMs,
    leaks,
    error: {
      code: error.code,
      name: error.name,
      message: error.message.slice(0, 1000),
      problems: error.problems ?? [],
      ...(typeof reason === 'string' ? { reason } : {}),
      ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
      ...(typeof thrown === 'object' && thrown !== null ? {} : { thrown: typeof thrown }),
    },
  };
}

function inspectDeep(value: unknown): string {
  return inspect(value, { depth: 12, maxStringLength: Infinity, maxArrayLength: Infinity, breakLength: Infinity });
}

/** Where a value holds what JSON has no word for; undefined members do no harm, as JSON leaves them out. */
function findForeign(value: unknown, path: string, depth: number): string | undefined {
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean')
    return undefined;
  const at = path === '' ? 'the result' : path;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${at}: ${value}`;
  if (typeof value !== 'object') return `${at}: a ${typeof value}`;
  if (depth > 200) return `${at}: more than 200 levels`;
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) {
      const found = findForeign(each, `${path}[${index}]`, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  // By its class's name, as objects of another realm have another prototype.
  const made = (Object.getPrototypeOf(value) as { readonly constructor?: { readonly name?: string } } | null)
    ?.constructor?.name;
  if (made !== undefined && made !== 'Object') return `${at}: a ${made}`;
  for (const [name, each] of Object.entries(value)) {
    const found = findForeign(each, path === '' ? name : `${path}.${name}`, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
