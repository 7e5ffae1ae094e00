import type { ExecutionCounts, ExecutionStore } from '../store/execution-store.ts';

/** Between two counts, in milliseconds, and how many times longer than one takes that is at least: so many cost so much. */
const EVERY_MS = 2_000;
const TIMES_LONGER = 100;

/**
 * How many executions there are by connector, as last counted; who asks has them counted anew, for whoever asks next. Those that none are
 * left of are 0.
 */
export function watchExecutionCounts(store: Pick<ExecutionStore, 'stats'>): () => readonly ExecutionCounts[] {
  let known: ReadonlyMap<string, ExecutionCounts> = new Map();
  let nextAt = -Infinity;
  const count = async (): Promise<void> => {
    const startedAt = performance.now();
    const counts = await store.stats();
    const none = [...known.keys()].map((connector) => ({ connector, queued: 0, running: 0, deadLetters: 0 }));
    known = new Map([...none, ...counts].map((each) => [each.connector, each]));
    nextAt = Math.max(nextAt, performance.now() + TIMES_LONGER * (performance.now() - startedAt));
  };
  return () => {
    if (performance.now() >= nextAt) {
      nextAt = performance.now() + EVERY_MS;
      // What cannot be counted is as it was: the store itself says what ails it.
      count().catch(() => undefined);
    }
    return [...known.values()];
  };
}
