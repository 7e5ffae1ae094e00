import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { isJsonObject } from '@automate/contract';
import { CliExit, EXIT } from '../cli-context.ts';

/** The package that its author is at work on. */
export interface AuthorPackage {
  readonly name: string;
  readonly directory: string;
  readonly kinds: readonly string[];
  /** Whether it has a script `build`. Without one its files are run as they are. */
  readonly builds: boolean;
  /** Whether a change of this file, by its path within the package, is one of the author's: what a build writes is none. */
  isSource(path: string): boolean;
}

/** Throws CliExit for a folder that holds no package of a connector. */
export async function readAuthorPackage(directory: string): Promise<AuthorPackage> {
  const file = join(directory, 'package.json');
  const refused = (why: string): CliExit =>
    new CliExit(EXIT.usage, `${file}: ${why}; "automate dev" takes the folder of a connector's package`);
  let manifest: unknown;
  try {
    manifest = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw refused((error as Error).message);
  }
  const { name, automate, scripts } = isJsonObject(manifest) ? manifest : {};
  const connectors = isJsonObject(automate) ? automate['connectors'] : undefined;
  if (typeof name !== 'string' || name === '') throw refused('it has no name');
  if (!isJsonObject(connectors)) throw refused('it declares no automate.connectors');
  const builds = isJsonObject(scripts) && typeof scripts['build'] === 'string';
  const entries = Object.values(connectors).flatMap((kind) =>
    isJsonObject(kind) && typeof kind['entry'] === 'string' ? [posix.normalize(kind['entry'])] : [],
  );
  const built = new Set(builds ? entries.map((entry) => entry.split('/')[0]) : []);
  return {
    name,
    directory,
    kinds: Object.keys(connectors),
    builds,
    isSource(path) {
      const steps = path.split(/[/\\]/);
      return (
        !steps.includes('node_modules') && !built.has(steps[0] ?? '') && !steps.some((step) => step.startsWith('.'))
      );
    },
  };
}
