import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { PluginProblem } from '@automate/contract';
import type { Place } from './places.ts';

/**
 * What to say when packages that a project asks for are in none of the places: at most one problem for each place, as
 * nobody can tell which of the missing ones would have been connectors.
 */
export function explainAbsence(place: Place, installed: ReadonlySet<string>): readonly PluginProblem[] {
  if (!place.hasModules) return explainMissingModules(place, installed);
  const missing = place.project.required.filter((name) => !installed.has(name));
  const [first] = missing;
  if (first === undefined) return [];
  return [
    {
      path: 'dependencies',
      expected: `every dependency in ${place.modules}`,
      received: `${listNames(missing)} missing`,
      blame: 'operator',
      remedy: suggestParent(place, first) ?? `run "${installCommand(place.directory)}"`,
    },
  ];
}

function explainMissingModules(place: Place, installed: ReadonlySet<string>): readonly PluginProblem[] {
  const missing = [...place.project.dependencies.keys()].filter((name) => !installed.has(name));
  const [first] = missing;
  if (first === undefined && place.project.state === 'read' && place.isRoot) return [];
  const base = { path: 'node_modules', expected: `the directory ${place.modules}`, blame: 'operator' } as const;
  if (['.pnp.cjs', '.pnp.js'].some((file) => existsSync(join(place.directory, file)))) {
    const setting = existsSync(join(place.directory, 'pnpm-lock.yaml'))
      ? 'remove nodeLinker: pnp from pnpm-workspace.yaml'
      : 'set nodeLinker: node-modules in .yarnrc.yml';
    return [
      {
        ...base,
        received: "Plug'n'Play, which keeps packages in archives that are not searched",
        remedy: `${setting} and install again`,
      },
    ];
  }
  const remedy =
    (first === undefined ? undefined : suggestParent(place, first)) ?? `run "${installCommand(place.directory)}"`;
  return [{ ...base, received: 'nothing', remedy }];
}

/** npm and Yarn workspaces hoist what a project asks for to a directory above it. */
function suggestParent(place: Place, name: string): string | undefined {
  for (let directory = dirname(place.directory); ; directory = dirname(directory)) {
    if (existsSync(join(directory, 'node_modules', name))) {
      return `add "${relative(place.directory, directory)}" to plugins.paths in the configuration: ${name} is installed there`;
    }
    if (directory === dirname(directory)) return undefined;
  }
}

function installCommand(directory: string): string {
  for (let at = directory; ; at = dirname(at)) {
    if (existsSync(join(at, 'pnpm-lock.yaml'))) return 'pnpm install';
    if (existsSync(join(at, 'yarn.lock'))) return 'yarn install';
    if (existsSync(join(at, 'package-lock.json'))) return 'npm install';
    if (at === dirname(at)) return 'pnpm install';
  }
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3
    ? `${shown} and ${names.length - 3} more are`
    : `${shown} ${names.length === 1 ? 'is' : 'are'}`;
}
