import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/**
 * What stands for every file of a package but its dependencies, as `sha512-…`: the SHA-512 over the paths and contents, in order of
 * the paths. Two packages with the same one do the same.
 */
export async function packageIntegrity(directory: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !/(^|\/)(node_modules|\.git)\//.test(path))
    .toSorted();
  const hash = createHash('sha512');
  for (const path of files) {
    const contents = await readFile(join(directory, path));
    hash.update(`${Buffer.byteLength(path)}:${path}:${contents.byteLength}:`).update(contents);
  }
  return `sha512-${hash.digest('base64')}`;
}
