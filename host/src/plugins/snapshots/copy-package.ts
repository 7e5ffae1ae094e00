import { constants, existsSync } from 'node:fs';
import { copyFile, link, mkdir, readFile, readlink, realpath, symlink } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { systemCode } from '../discovery/fault.ts';
import type { PackageFile, PackageFiles } from './package-files.ts';

/** Files that are copied at a time. */
const AT_A_TIME = 16;

/** Puts a package's files into a new directory. Nothing that is later done to the package by an installer or a build changes them there. */
export async function copyPackage(packageDir: string, { directories, files }: PackageFiles, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  for (const directory of directories) await mkdir(join(to, directory));
  const left = [...files];
  const work = async (): Promise<void> => {
    for (let file = left.pop(); file !== undefined; file = left.pop())
      await (file.stats.isSymbolicLink() ? copyLink(packageDir, file, to) : copyOne(packageDir, file, to));
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  await linkDependencies(packageDir, to);
}

/**
 * Shows what the package asks for where it is installed. Workers resolve that from the package's own place; threads and programs that
 * a connector starts by itself find it here.
 */
async function linkDependencies(packageDir: string, to: string): Promise<void> {
  const manifest = JSON.parse(await readFile(join(to, 'package.json'), 'utf8')) as Readonly<Record<string, unknown>>;
  const asked = ['dependencies', 'peerDependencies', 'optionalDependencies'].flatMap((field) =>
    Object.keys(Object(manifest[field]) as object),
  );
  for (const name of new Set(asked)) {
    const place = PACKAGE_NAME.test(name) ? findInstalled(packageDir, name) : undefined;
    if (place === undefined) continue;
    await mkdir(dirname(join(to, 'node_modules', name)), { recursive: true });
    await symlink(place, join(to, 'node_modules', name), 'dir');
  }
}

/** No path that leads elsewhere. */
const PACKAGE_NAME = /^(?:@[\w~-][\w.~-]*\/)?[\w~-][\w.~-]*$/;

function findInstalled(packageDir: string, name: string): string | undefined {
  for (let directory = packageDir; ; directory = dirname(directory)) {
    const place = join(directory, 'node_modules', name);
    if (existsSync(place)) return place;
    if (directory === dirname(directory)) return undefined;
  }
}

/**
 * A file that a package manager keeps in its store under another name is linked: whoever wrote to it in place would spoil the
 * store. Any other is copied, as builds and npm's own files may be written to.
 */
async function copyOne(packageDir: string, { path, stats }: PackageFile, to: string): Promise<void> {
  const from = join(packageDir, path);
  if (stats.nlink > 1n && packageDir.split(sep).includes('node_modules')) {
    try {
      await link(from, join(to, path));
      return;
    } catch (error) {
      if (!NOT_LINKED.has(systemCode(error))) throw error;
    }
  }
  await copyFile(from, join(to, path), constants.COPYFILE_FICLONE);
}

/** On another device, linked too often already, not this user's, or where there are no links. */
const NOT_LINKED: ReadonlySet<string> = new Set(['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP', 'ENOSYS']);

/** Links within the package lead to where they led, beside them; others lead out of it as before. */
async function copyLink(packageDir: string, { path }: PackageFile, to: string): Promise<void> {
  const target = await realpath(join(packageDir, path)).catch(() => undefined);
  const inside = target === undefined ? undefined : relative(packageDir, target);
  const text =
    target === undefined || inside === undefined
      ? await readlink(join(packageDir, path))
      : inside.split(sep)[0] === '..' || inside.split(sep)[0] === 'node_modules'
        ? target
        : relative(dirname(join(to, path)), join(to, inside)) || '.';
  await symlink(text, join(to, path));
}
