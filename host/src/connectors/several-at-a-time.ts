import type { Patience } from '@automate/contract';

/**
 * Does something with each of several things, only so many at a time, and begins with no other once the patience has ended; what came of
 * them, in their order. Rejects with the first rejection.
 */
export async function severalAtATime<T, R>(
  most: number,
  things: readonly T[],
  work: (thing: T) => Promise<R>,
  patience: Patience = {},
): Promise<readonly R[]> {
  const results: R[] = [];
  const left = things.entries();
  const workOff = async (): Promise<void> => {
    for (const [index, thing] of left) {
      if (isOver(patience)) return;
      results[index] = await work(thing);
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, things.length) }, workOff));
  return results;
}

export function isOver({ signal, deadline = Infinity }: Patience): boolean {
  return signal?.aborted === true || Date.now() >= deadline;
}
