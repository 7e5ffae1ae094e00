import { readPackageUp } from 'read-package-up';

/** Who this host is: the version that ranges of plugins are compared with. */
export interface HostIdentity {
  readonly name: string;
  readonly version: string;
}

/** Reads the host's own package.json. All `@automate/*` packages are released together, so its version is theirs too. */
export async function readIdentity(): Promise<HostIdentity> {
  const found = await readPackageUp({ cwd: import.meta.dirname, normalize: false });
  const { name, version } = found?.packageJson ?? {};
  if (typeof name !== 'string' || typeof version !== 'string') {
    throw new Error(`no package.json with a name and a version above ${import.meta.dirname}: install @automate/host again`);
  }
  return { name, version };
}

/** The project's root: the directory of the nearest package.json at or above `directory`, or `directory` itself. */
export async function findProjectRoot(directory: string): Promise<string> {
  const found = await readPackageUp({ cwd: directory, normalize: false }).catch(() => undefined);
  return found === undefined ? directory : found.path.replace(/[/\\]package\.json$/, '');
}
