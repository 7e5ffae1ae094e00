/** Kinds that are counted at a time; beyond, all are counted anew. */
const MAX_KINDS = 10_000;

interface Counted {
  since: number;
  told: number;
  leftOut: number;
}

/**
 * Lets so many of each kind through in so many milliseconds. Gives how many of a kind were left out before the one that is asked about, or undefined where
 * that is left out, too.
 */
export function atMost(most: number, everyMs: number): (kind: string) => number | undefined {
  const kinds = new Map<string, Counted>();
  return (kind) => {
    const now = performance.now();
    const counted = kinds.get(kind);
    if (counted === undefined || now - counted.since >= everyMs) {
      if (kinds.size >= MAX_KINDS) kinds.clear();
      kinds.set(kind, { since: now, told: 1, leftOut: 0 });
      return counted?.leftOut ?? 0;
    }
    if (counted.told < most) {
      counted.told += 1;
      return 0;
    }
    counted.leftOut += 1;
    return undefined;
  };
}
