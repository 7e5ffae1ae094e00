import { mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Writes files into a folder that is not there yet, or is empty; throws where something stands in the way. Nothing is ever overwritten, and a
 * failed attempt takes back all that it made, and no more.
 *
 * @param folder an absolute path; it and folders above it are made as needed
 * @param files texts by path below the folder, with forward slashes
 */
export function writeNewFolder(folder: string, files: ReadonlyMap<string, string>): void {
  const undo: (() => void)[] = [];
  try {
    makeFolder(folder, undo);
    const present = readdirSync(folder);
    if (present.length > 0)
      throw new Error(
        `${folder} is not empty (it has ${present.slice(0, 3).join(', ')}): name a folder that is not there yet`,
      );
    for (const [path, text] of files) {
      const file = join(folder, path);
      makeFolder(dirname(file), undo);
      writeFileSync(file, text, { flag: 'wx' });
      undo.unshift(() => rmSync(file));
    }
  } catch (error) {
    for (const step of undo) step();
    throw error;
  }
}

function makeFolder(folder: string, undo: (() => void)[]): void {
  const first = mkdirSync(folder, { recursive: true });
  if (first === undefined) return;
  // All from the first that was made down to this one, the lowest first.
  const made: string[] = [];
  for (let one = folder; one.length >= first.length; one = dirname(one)) made.push(one);
  undo.unshift(...made.map((one) => () => rmdirSync(one)));
}
