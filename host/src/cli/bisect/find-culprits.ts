/**
 * The smallest part of which each is needed for it to fail, by halving for as long as a half fails and by leaving parts out where only some
 * together do (Zeller's ddmin). All of them are known to fail, none of them not to.
 */
export async function findCulprits<T>(
  all: readonly T[],
  fails: (some: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let left = all;
  let parts = 2;
  while (left.length > 1) {
    const chunks = split(left, parts);
    // Of two halves each is what the other leaves out.
    const others = parts === 2 ? [] : chunks.map((chunk) => left.filter((each) => !chunk.includes(each)));
    const part = await firstOf(chunks, fails);
    const rest = part === undefined ? await firstOf(others, fails) : undefined;
    if (part !== undefined) [left, parts] = [part, 2];
    else if (rest !== undefined) [left, parts] = [rest, Math.max(parts - 1, 2)];
    else if (parts >= left.length) return left;
    else parts = Math.min(parts * 2, left.length);
  }
  return left;
}

/** The last of them, the oldest first, that is good; undefined where none is. The newest is asked first, as it is the likeliest. */
export async function findLastGood<T>(
  versions: readonly T[],
  isGood: (version: T) => Promise<boolean>,
): Promise<T | undefined> {
  const newest = versions.at(-1);
  if (newest === undefined || (await isGood(newest))) return newest;
  // Good up to a point, and bad from there on.
  let [low, high] = [-1, versions.length - 1];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const version = versions[middle];
    if (version !== undefined && (await isGood(version))) low = middle;
    else high = middle;
  }
  return versions[low];
}

function split<T>(all: readonly T[], parts: number): readonly (readonly T[])[] {
  const size = Math.ceil(all.length / parts);
  return Array.from({ length: Math.ceil(all.length / size) }, (_none, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}

async function firstOf<T>(
  sets: readonly (readonly T[])[],
  fails: (some: readonly T[]) => Promise<boolean>,
): Promise<readonly T[] | undefined> {
  for (const set of sets) if (await fails(set)) return set;
  return undefined;
}
