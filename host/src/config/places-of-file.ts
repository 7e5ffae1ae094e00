import { readlink } from 'node:fs/promises';
import { dirname, isAbsolute, join, parse, resolve, sep } from 'node:path';

/** More links than this lead round in a circle. */
const MOST_LINKS = 40;

/** A directory, and the names in it on which a path hangs. */
export type Places = ReadonlyMap<string, ReadonlySet<string>>;

/** All that decides what a path leads to: the file itself, and each symbolic link on the way, wherever it is. Never rejects. */
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
    if (target !== undefined || rest.length === 0) places.set(at, (places.get(at) ?? new Set()).add(name));
    if (target === undefined) {
      at = name === '..' ? dirname(at) : next;
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
