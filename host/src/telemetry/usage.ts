import { DURATION_BOUNDS } from './call-metrics.ts';
import type { CallTotals, FailedCalls } from './call-metrics.ts';
import type { Sample, WorkerUse } from './sampler.ts';

/** What happened between two moments. */
export interface CallsBetween {
  readonly count: number;
  readonly errors: readonly FailedCalls[];
  readonly buckets: readonly number[];
}

/** The calls that ended after one moment and until another. */
export function callsBetween(before: CallTotals, after: CallTotals): CallsBetween {
  const earlier = new Map(before.errors.map((errors) => [`${errors.code} ${errors.blame}`, errors]));
  return {
    count: after.count - before.count,
    errors: after.errors
      .map(({ code, blame, value, intended }) => {
        const known = earlier.get(`${code} ${blame}`);
        return { code, blame, value: value - (known?.value ?? 0), intended: intended - (known?.intended ?? 0) };
      })
      .filter(({ value }) => value > 0),
    buckets: after.buckets.map((value, index) => value - (before.buckets[index] ?? 0)),
  };
}

/** What a share of the calls took at most, in milliseconds, as a histogram tells it; undefined without calls. */
export function quantile(buckets: readonly number[], share: number): number | undefined {
  const count = buckets.reduce((sum, value) => sum + value, 0);
  if (count === 0) return undefined;
  let left = share * count;
  for (const [index, value] of buckets.entries()) {
    const upper = DURATION_BOUNDS[index];
    const lower = DURATION_BOUNDS[index - 1] ?? 0;
    // Beyond the last bound nothing more is known.
    if (upper === undefined) return lower * 1000;
    if (left <= value) return (lower + ((upper - lower) * left) / value) * 1000;
    left -= value;
  }
  return undefined;
}

/** How many took longer than a bound of the buckets, which is given in seconds. */
export function slowerThan(buckets: readonly number[], seconds: number): number {
  return buckets
    .slice(DURATION_BOUNDS.findIndex((bound) => bound >= seconds) + 1)
    .reduce((sum, value) => sum + value, 0);
}

/** A look at a worker that runs. */
export type WorkerSample = Sample & { readonly worker: WorkerUse };

/** The looks at the present life of a worker, the oldest first. */
export function presentLife(samples: readonly Sample[]): readonly WorkerSample[] {
  return livesOf(samples).at(-1) ?? [];
}

/** The looks at each life of a worker that is still remembered, the oldest first. */
export function livesOf(samples: readonly Sample[]): readonly (readonly WorkerSample[])[] {
  const seen = samples.filter((sample): sample is WorkerSample => sample.worker !== undefined);
  return [...Map.groupBy(seen, ({ worker }) => worker.startedAt).values()];
}

/** What a worker used between the first and the last look at one life of it; undefined where there are no two. */
export function usageOf(
  life: readonly WorkerSample[],
): { readonly spanMs: number; readonly cpuShare: number | undefined; readonly loopUtilization: number } | undefined {
  const [first, last] = [life[0], life.at(-1)];
  if (first === undefined || last === undefined || first === last) return undefined;
  const spanMs = last.at - first.at;
  const active = last.worker.activeMs - first.worker.activeMs;
  const idle = last.worker.idleMs - first.worker.idleMs;
  const { cpuMs } = last.worker;
  return {
    spanMs,
    cpuShare: cpuMs === undefined ? undefined : Math.max(0, cpuMs - (first.worker.cpuMs ?? 0)) / spanMs,
    loopUtilization: active <= 0 || active + idle <= 0 ? 0 : Math.min(1, active / (active + idle)),
  };
}

/** Milliseconds of a life in which a worker fills with what it will keep: nothing is told of its growth from them. */
const WARM_UP_MS = 10_000;

/**
 * How fast a worker's memory grows, in bytes a minute; 0 where it comes and goes. Memory that is not collected yet makes every worker's
 * curve a saw, so its growth is told only where the last third of the looks lies above all of the first.
 */
export function memoryGrowth(life: readonly WorkerSample[], warmUpMs = WARM_UP_MS): number {
  const looks = life.filter(({ at, worker }) => at - worker.startedAt >= warmUpMs);
  const [first, last] = [looks[0], looks.at(-1)];
  const third = Math.floor(looks.length / 3);
  if (third < 2 || first === undefined || last === undefined) return 0;
  const bytes = looks.map(({ worker }) => worker.memoryBytes);
  if (Math.min(...bytes.slice(-third)) <= Math.max(...bytes.slice(0, third))) return 0;
  return slope(looks.map(({ at }, index) => [at - first.at, bytes[index] ?? 0])) * 60_000;
}

/** Of the line that lies nearest to the points. */
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = meanOf(points.map(([x]) => x));
  const meanY = meanOf(points.map(([, y]) => y));
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
}
