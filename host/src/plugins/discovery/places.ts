import { statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { PluginProblem } from '@automate/contract';
import type { Project } from './read-project.ts';
import { readProject } from './read-project.ts';

/** A directory whose node_modules is to be looked into. */
export interface Place {
  readonly directory: string;
  readonly modules: string;
  /** False when there is no node_modules. */
  readonly hasModules: boolean;
  /** Whether the place is the project itself, and not one of the configured paths. */
  readonly isRoot: boolean;
  /** The package.json beside the node_modules. */
  readonly project: Project;
  /** Name → what was asked for. `everything` for a configured directory without a package.json: whoever filled it meant all of it. */
  readonly asked: ReadonlyMap<string, string> | 'everything';
}

export interface PlaceOptions {
  readonly root: string;
  /** The configuration's `plugins.paths`, relative to the root. */
  readonly paths: readonly string[];
  /** Everything found counts, so that a project without a package.json is no trouble. */
  readonly everything: boolean;
}

/** The project itself and the directories of `plugins.paths`, in that order, each once. */
export function choosePlaces(options: PlaceOptions): {
  readonly places: readonly Place[];
  readonly problems: PluginProblem[];
} {
  const directory = resolve(options.root);
  const project = readProject(directory);
  const problems: PluginProblem[] = project.state === 'missing' && options.everything ? [] : [...project.faults];
  const places: Place[] = [createPlace({ directory, project, asked: project.dependencies, isRoot: true })];

  for (const [index, path] of options.paths.entries()) {
    const given = resolve(directory, path);
    const further = basename(given) === 'node_modules' ? dirname(given) : given;
    if (places.some((place) => place.directory === further)) continue;
    if (isDirectory(further)) {
      const place = createConfiguredPlace(further, project);
      if (place.project.state !== 'missing')
        problems.push(...place.project.faults.map((fault) => ({ ...fault, path: join(further, fault.path) })));
      places.push(place);
    } else {
      problems.push({
        path: `plugins.paths[${index}]`,
        expected: 'a directory that holds a node_modules',
        received: further,
        blame: 'operator',
        remedy: 'mend or remove the entry in the configuration',
      });
    }
  }
  return { places, problems };
}

function createConfiguredPlace(directory: string, root: Project): Place {
  const project = readProject(directory);
  // What the project asks for may have been hoisted to a configured directory further up.
  const asked = project.state === 'missing' ? 'everything' : new Map([...project.dependencies, ...root.dependencies]);
  return createPlace({ directory, project, asked, isRoot: false });
}

function createPlace(place: Omit<Place, 'modules' | 'hasModules'>): Place {
  const modules = join(place.directory, 'node_modules');
  return { ...place, modules, hasModules: isDirectory(modules) };
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    // A circle of links, or a parent that may not be entered: not a directory for us, and reported as such.
    return false;
  }
}
