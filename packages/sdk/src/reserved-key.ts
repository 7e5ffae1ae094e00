/** Values that are looked at; a result with more is refused for its size. */
const MOST_VALUES = 2_000_000;

/**
 * Where a value has a member called `__proto__`, as a path: `rows.0.__proto__`. Schemas drop such members without a word,
 * as copying them could reach a prototype.
 */
export function findReservedKey(value: unknown): string | undefined {
  try {
    return findWithin(value, { left: MOST_VALUES })?.toReversed().join('.');
  } catch {
    // A cycle, or a getter that throws: what encodes the result says so.
    return undefined;
  }
}

/** The path, its last step first. */
function findWithin(value: unknown, budget: { left: number }): string[] | undefined {
  budget.left -= 1;
  if (typeof value !== 'object' || value === null || budget.left < 0) return undefined;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && budget.left >= 0; index += 1) {
      const found = findWithin(value[index], budget);
      if (found !== undefined) return [...found, String(index)];
    }
    return undefined;
  }
  for (const key in value) {
    if (key === '__proto__') return [key];
    const found = findWithin((value as Record<string, unknown>)[key], budget);
    if (found !== undefined) return [...found, key];
  }
  return undefined;
}
