import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isJsonObject } from '@automate/contract';
import { parseJson } from '../discovery/parse-json.ts';
import { own } from '../discovery/record.ts';

/** What is done with packages. `update` takes names, `add` whatever the package manager takes, `remove` names. */
export type InstallVerb = 'add' | 'update' | 'remove';

/** The package manager of a project. */
export interface PackageManager {
  readonly name: 'pnpm' | 'npm' | 'yarn';
  /** The version that the project pins; absent where it pins none. */
  readonly version?: string;
  /** What it is told to do. Install scripts are never run. */
  args(verb: InstallVerb, specs: readonly string[]): readonly string[];
}

export type PackageManagerSearch =
  | { readonly ok: true; readonly manager: PackageManager }
  /** A sentence: why the project's packages are not to be changed from here, and what to do instead. */
  | { readonly ok: false; readonly message: string };

const LOCKFILES = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
  ['yarn.lock', 'yarn'],
] as const;

/** Finds the package manager by the field `packageManager`, else by the lockfile, else it is npm, which comes with Node.js. */
export function findPackageManager(projectDir: string): PackageManagerSearch {
  const manifest = readManifest(join(projectDir, 'package.json'));
  if (manifest === undefined)
    return {
      ok: false,
      message: `${join(projectDir, 'package.json')} cannot be read: mend it, or name the project with --project`,
    };
  const workspace = findWorkspace(projectDir, manifest);
  if (workspace !== undefined)
    return {
      ok: false,
      message: `${projectDir} belongs to a workspace (${workspace}), whose packages are installed together: change them with the package manager there, then say "automate plugins update --installed"`,
    };
  const pinned = /^"(pnpm|npm|yarn)@(\d[^+\s"]*)/.exec(JSON.stringify(own(manifest, 'packageManager') ?? ''));
  const found = [...new Set(LOCKFILES.filter(([file]) => existsSync(join(projectDir, file))).map(([, name]) => name))];
  if (pinned === null && found.length > 1)
    return {
      ok: false,
      message: `${projectDir} has lockfiles of ${found.join(' and ')}: remove those that are not in use, or name the package manager in package.json ("packageManager": "${found[0]}@…")`,
    };
  const name = (pinned?.[1] as PackageManager['name'] | undefined) ?? found[0] ?? 'npm';
  const version = pinned?.[2];
  if (name !== 'yarn')
    return { ok: true, manager: { name, ...(version === undefined ? {} : { version }), args: ARGS[name] } };
  return findYarn(projectDir, version);
}

const ARGS: Readonly<Record<'pnpm' | 'npm', PackageManager['args']>> = {
  pnpm: (verb, specs) => [verb, ...(verb === 'remove' ? [] : ['--ignore-scripts']), ...specs],
  npm: (verb, specs) => [
    { add: 'install', update: 'update', remove: 'uninstall' }[verb],
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    ...specs,
  ],
};

function findYarn(projectDir: string, version: string | undefined): PackageManagerSearch {
  const settings = readText(join(projectDir, '.yarnrc.yml'));
  const lockfile = readText(join(projectDir, 'yarn.lock')) ?? '';
  const isClassic =
    version === undefined ? settings === undefined && !lockfile.includes('__metadata:') : version.startsWith('1.');
  if (!isClassic && !/^nodeLinker:\s*["']?node-modules["']?\s*$/m.test(settings ?? ''))
    return {
      ok: false,
      message: `${projectDir} is installed by Yarn without node_modules, where no host finds plugins: write "nodeLinker: node-modules" into .yarnrc.yml and install again`,
    };
  const args = isClassic ? YARN_CLASSIC : YARN;
  return { ok: true, manager: { name: 'yarn', ...(version === undefined ? {} : { version }), args } };
}

const YARN_CLASSIC: PackageManager['args'] = (verb, specs) => [
  verb === 'update' ? 'upgrade' : verb,
  '--ignore-scripts',
  '--non-interactive',
  ...specs,
];

const YARN: PackageManager['args'] = (verb, specs) => [
  // Without -R it would leave the range that package.json has.
  ...(verb === 'update' ? ['up', '-R'] : [verb]),
  ...(verb === 'remove' ? [] : ['--mode=skip-build']),
  ...specs,
];

/** What a program is started with, which has no scripts run whatever the command and the package manager's own settings say. */
export const WITHOUT_SCRIPTS: Readonly<Record<string, string>> = {
  npm_config_ignore_scripts: 'true',
  pnpm_config_ignore_scripts: 'true',
  YARN_ENABLE_SCRIPTS: 'false',
};

/** The file that makes the project, or a directory above it, a workspace that has members. */
function findWorkspace(projectDir: string, manifest: Readonly<Record<string, unknown>>): string | undefined {
  if (own(manifest, 'workspaces') !== undefined) return join(projectDir, 'package.json');
  for (let directory = projectDir; ; directory = dirname(directory)) {
    const file = join(directory, 'pnpm-workspace.yaml');
    // The file also holds settings of projects that stand alone.
    if (/^packages:/m.test(readText(file) ?? '')) return file;
    if (directory !== projectDir) {
      const above = readManifest(join(directory, 'package.json'));
      if (above !== undefined && own(above, 'workspaces') !== undefined) return join(directory, 'package.json');
    }
    if (directory === dirname(directory)) return undefined;
  }
}

function readManifest(file: string): Readonly<Record<string, unknown>> | undefined {
  const json = parseJson(readText(file) ?? '');
  return json.ok && isJsonObject(json.value) ? json.value : undefined;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
