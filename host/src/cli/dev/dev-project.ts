import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { AuthorPackage } from './author-package.ts';

/** A project of a host's own in which an author's package is linked, as a workspace links it. */
export interface DevProject extends AsyncDisposable {
  readonly root: string;
  readonly dataDir: string;
}

export async function makeDevProject({ name, directory, kinds }: AuthorPackage): Promise<DevProject> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'automate-dev-')));
  const link = join(root, 'node_modules', name);
  await mkdir(dirname(link), { recursive: true });
  await symlink(directory, link, 'dir');
  const project = { name: 'automate-dev', version: '1.0.0', private: true, dependencies: { [name]: '*' } };
  await writeFile(join(root, 'package.json'), JSON.stringify(project));
  // JSON is YAML. A connector for each kind, under its name.
  await writeFile(join(root, 'connectors.yaml'), JSON.stringify({ connectors: kinds.map((id) => ({ id })) }));
  return {
    root,
    dataDir: join(root, '.automate'),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true, maxRetries: 3 }),
  };
}
