/** Values that are looked at; a result with more is refused for its size. */
const MOST_VALUES = 2_000_000;

/**
 * Where a value has a member called `__proto__`, as a path: `rows.0.__proto__`. Schemas drop such members without a word,
 * as copying them could reach a prototype.
 */
export function findReservedKey(value: unknown): string | undefined {
  let left = MOST_VALUES;
  /** The path, its last step first. */
  const within = (at: object): string[] | undefined => {
    left -= 1;
    for (const key of Object.keys(at)) {
      if (key === '__proto__') return [key];
      const member = (at as Record<string, unknown>)[key];
      if (typeof member !== 'object' || member === null || left < 0) continue;
      const found = within(member);
      if (found !== undefined) return [...found, key];
    }
    return undefined;
  };
  try {
    return typeof value === 'object' && value !== null ? within(value)?.toReversed().join('.') : undefined;
  } catch {
    // A cycle, or a getter that throws: what encodes the result says so.
    return undefined;
  }
}
