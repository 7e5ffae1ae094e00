import type { Blame, ErrorCode } from '@automate/contract';
import { cleanLabel, OTHER } from './labels.ts';
import type { Exemplar, MetricFamily } from './metric-family.ts';
import { parseTraceparent } from './trace-context.ts';

/** Upper bounds of the durations' buckets, in seconds. */
export const DURATION_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

/** Connectors and actions of each that get series of their own; the rest is counted together as `other`. */
const MAX_CONNECTORS = 5_000;
const MAX_ACTIONS = 100;

export type CallCode = ErrorCode | 'OK';

/** How one call ended. */
export interface EndedCall {
  readonly connector: string;
  readonly action: string;
  readonly code: CallCode;
  /** Who must act; `none` with `OK`. */
  readonly blame: Blame | 'none';
  readonly attempts: number;
  readonly durationMs: number;
  /** Whether somebody meant it to fail: nobody has anything to mend then. */
  readonly intended?: boolean | undefined;
  /** Of its trace, where it belongs to one. */
  readonly traceparent?: string | undefined;
}

/** Calls that failed with one code, and one who must act. */
export interface FailedCalls {
  readonly code: ErrorCode;
  readonly blame: Blame;
  readonly value: number;
  /** How many of them somebody meant to fail. */
  readonly intended: number;
}

/** All calls of one connector so far. */
export interface CallTotals {
  readonly count: number;
  /** Those that failed, by code and blame. */
  readonly errors: readonly FailedCalls[];
  /** How many took at most as long as each bound of `DURATION_BOUNDS`, and longer than the one before; one more than there are bounds. */
  readonly buckets: readonly number[];
}

/** Of a connector that was never called. */
export const NO_CALLS: CallTotals = { count: 0, errors: [], buckets: [] };

/** All calls of one action of one connector. */
interface ActionSeries {
  readonly connector: string;
  readonly action: string;
  ok: number;
  /** By code and blame. */
  readonly errors: Map<string, ErrorCount>;
  attempts: number;
  seconds: number;
  readonly buckets: number[];
  /** The latest traced call of each bucket. */
  readonly traced: (TracedEnd | undefined)[];
}

interface ErrorCount {
  readonly code: CallCode;
  readonly blame: Blame | 'none';
  value: number;
  intended: number;
}

/** A call whose trace somebody may look at. */
interface TracedEnd {
  readonly traceparent: string;
  readonly value: number;
  readonly at: number;
}

/**
 * Counts calls. It keeps its own numbers instead of using an SDK's instruments: finding a series by its ids costs a tenth of
 * hashing labels, and a call takes only a few microseconds in all.
 *
 * Names come from callers, so series are bounded: a connector gets its own only if the host vouches for it, an action
 * with its first call that was not refused as INVALID_INPUT (which calls of unknown actions are).
 */
export class CallMetrics {
  readonly #connectors = new Map<string, Map<string, ActionSeries>>();
  readonly #isConnector: (id: string) => boolean;

  constructor(isConnector: (id: string) => boolean) {
    this.#isConnector = isConnector;
  }

  record(call: EndedCall): void {
    const series = this.#connectors.get(call.connector)?.get(call.action) ?? this.#open(call);
    const seconds = call.durationMs / 1000;
    if (call.code === 'OK') series.ok += 1;
    else
      count(
        getOrAdd(series.errors, `${call.code} ${call.blame}`, () => errorCount(call)),
        1,
        call.intended ? 1 : 0,
      );
    series.attempts += call.attempts;
    series.seconds += seconds;
    const bucket = bucketOf(seconds);
    series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
    if (call.traceparent !== undefined)
      series.traced[bucket] = { traceparent: call.traceparent, value: seconds, at: Date.now() };
  }

  /** Drops the series of a connector that is gone. */
  forget(connector: string): void {
    this.#connectors.delete(connector);
  }

  /** `NO_CALLS` itself where there were none. */
  totals(connector: string): CallTotals {
    const actions = this.#connectors.get(connector);
    if (actions === undefined) return NO_CALLS;
    const errors = new Map<string, FailedCalls & ErrorCount>();
    const buckets = DURATION_BOUNDS.map(() => 0).concat(0);
    for (const series of actions.values()) {
      for (const [key, { code, blame, value, intended }] of series.errors) {
        if (code !== 'OK' && blame !== 'none')
          count(
            getOrAdd(errors, key, () => ({ code, blame, value: 0, intended: 0 })),
            value,
            intended,
          );
      }
      for (const [index, value] of series.buckets.entries()) buckets[index] = (buckets[index] ?? 0) + value;
    }
    return { count: buckets.reduce((sum, value) => sum + value, 0), errors: [...errors.values()], buckets };
  }

  families(): readonly MetricFamily[] {
    const all = [...this.#connectors.values()].flatMap((actions) => [...actions.values()]);
    return [
      {
        kind: 'counter',
        name: 'automate_calls_total',
        help: 'Calls of actions that ended, by outcome and by who has to act on it',
        samples: all.flatMap(countsOf),
      },
      {
        kind: 'counter',
        name: 'automate_call_attempts_total',
        help: 'Attempts sent to workers, retries included',
        samples: all.map(({ connector, action, attempts }) => ({ labels: { connector, action }, value: attempts })),
      },
      {
        kind: 'histogram',
        name: 'automate_call_duration_seconds',
        help: 'Time of calls from arrival to answer, waiting and retries included',
        bounds: DURATION_BOUNDS,
        distributions: all.map(({ connector, action, seconds, buckets, traced }) => ({
          labels: { connector, action },
          count: buckets.reduce((sum, count) => sum + count, 0),
          sum: seconds,
          buckets,
          exemplars: traced.map((each) => each && exemplarOf(each)),
        })),
      },
    ];
  }

  #open({ connector, action, code }: EndedCall): ActionSeries {
    const name = this.#connectors.has(connector) || this.#mayAdd(connector) ? connector : OTHER;
    const actions = getOrAdd(this.#connectors, name, () => new Map<string, ActionSeries>());
    const own = name !== OTHER && code !== 'INVALID_INPUT' && (actions.has(action) || actions.size < MAX_ACTIONS);
    return getOrAdd(actions, own ? action : OTHER, (key) => emptySeries(name, key));
  }

  #mayAdd(connector: string): boolean {
    return this.#connectors.size < MAX_CONNECTORS && this.#isConnector(connector);
  }
}

function emptySeries(connector: string, action: string): ActionSeries {
  return {
    connector: cleanLabel(connector),
    action: cleanLabel(action),
    ok: 0,
    errors: new Map(),
    attempts: 0,
    seconds: 0,
    buckets: Array.from({ length: DURATION_BOUNDS.length + 1 }, () => 0),
    traced: [],
  };
}

/** Of a trace that is recorded; others cannot be looked up. */
function exemplarOf({ traceparent, value, at }: TracedEnd): Exemplar | undefined {
  const context = parseTraceparent(traceparent);
  return context === undefined || (context.flags & 1) === 0 ? undefined : { traceId: context.traceId, value, at };
}

function errorCount({ code, blame }: EndedCall): ErrorCount {
  return { code, blame, value: 0, intended: 0 };
}

function count(errors: ErrorCount, value: number, intended: number): void {
  errors.value += value;
  errors.intended += intended;
}

function countsOf({ connector, action, ok, errors }: ActionSeries) {
  const failed = [...errors.values()].map(({ code, blame, value }) => ({
    labels: { connector, action, code, blame },
    value,
  }));
  return ok === 0 ? failed : [{ labels: { connector, action, code: 'OK', blame: 'none' }, value: ok }, ...failed];
}

function bucketOf(seconds: number): number {
  let index = 0;
  for (const bound of DURATION_BOUNDS) {
    if (seconds <= bound) return index;
    index += 1;
  }
  return index;
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: (key: K) => V): V {
  const present = map.get(key);
  if (present !== undefined) return present;
  const made = make(key);
  map.set(key, made);
  return made;
}
