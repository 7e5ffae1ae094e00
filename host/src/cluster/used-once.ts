/** Numbers that each sender counts up, each of which is taken once. */
export interface UsedOnce {
  /** False where it was used before, which is remembered for this long at least, and at most for twice as long. */
  take(sender: string, number: number): boolean;
}

/** @param rememberMs in milliseconds, by a clock that nobody sets */
export function rememberUsed(rememberMs: number): UsedOnce {
  let former = new Map<string, Set<number>>();
  let current = new Map<string, Set<number>>();
  let since = performance.now();
  return {
    take(sender, number) {
      const now = performance.now();
      if (now - since >= rememberMs) {
        former = now - since >= 2 * rememberMs ? new Map() : current;
        current = new Map();
        since = now;
      }
      let used = current.get(sender);
      if (used?.has(number) === true || former.get(sender)?.has(number) === true) return false;
      if (used === undefined) current.set(sender, (used = new Set()));
      used.add(number);
      return true;
    },
  };
}
