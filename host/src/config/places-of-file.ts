import { lstat, readlink } from 'node:fs/promises';
import { isAbsolute, join, parse, resolve, sep } from 'node:path';

/** More links than this lead round in a circle. */
const MOST_LINKS = 40;

/** A directory, and the names in it on which a path hangs. */
export type Places = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * All that decides what a path leads to: the file itself, each symbolic link on the way, wherever it is, and the first step that is
 * missing. Never rejects.
 */
export async function placesOfFile(file: string): Promise<Places> {
  const places = new Map<string, Set<string>>();
  const whole = resolve(file);
  let at = parse(whole).root;
  const rest = partsOf(whole);
  for (let links = 0; links < MOST_LINKS;) {
    const name = rest.shift();
    if (name === undefined) break;
    const next = join(at, name);
    const target = name === '..' ? undefined : await readlink(next).catch(() => undefined);
    const isMissing = target === undefined && (await lstat(next).catch(() => undefined)) === undefined;
    if (target !== undefined || isMissing || rest.length === 0) places.set(at, (places.get(at) ?? new Set()).add(name));
    if (isMissing) break;
    if (target === undefined) {
      at = next;
      continue;
    }
    links += 1;
    if (isAbsolute(target)) at = parse(target).root;
    rest.unshift(...partsOf(target));
  }
  return places;
}

function partsOf(path: string): string[] {
  return path
    .slice(parse(path).root.length)
    .split(sep)
    .filter((part) => part !== '' && part !== '.');
}
