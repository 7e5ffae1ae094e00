// Long, as the rules of all folders stand together, to be read as docs/architecture.md is.
import type { Manifest, Source } from './read-sources.ts';

/** One line of a report: which file, what it imports, which rule of docs/architecture.md that breaks. */
export type Violation = string;

const isRelativeToRoot = (specifier: string): boolean => /^(packages|plugins|host)\//.test(specifier);
const isRootFile = (path: string): boolean => /^host\/src\/[^/]+$/.test(path);
const isNode = (specifier: string): boolean => specifier.startsWith('node:');
const violation = (source: Source, specifier: string, rule: string): Violation =>
  `${source.file} → ${specifier}: ${rule}`;

/** `packages/sdk/src/x.ts` → `packages/sdk`. */
export function packageFolder(path: string): string {
  return path.startsWith('host/') ? 'host' : path.split('/').slice(0, 2).join('/');
}

/** `@scope/name/sub/path` → `@scope/name`. */
function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Which packages of this repository the sources of each package may import. Subpaths are named one by one. */
const WORKSPACE_IMPORTS: ReadonlyArray<readonly [folder: RegExp, allowed: readonly RegExp[]]> = [
  [/^packages\/grpc$/, []],
  [/^packages\/contract$/, [/^@automate\/grpc$/]],
  [/^packages\/sdk$/, [/^@automate\/contract(\/json-text)?$/]],
  [/^packages\/alertmanager$/, [/^@automate\/sdk(\/exchange)?$/]],
  [/^packages\/openapi$/, [/^@automate\/contract$/]],
  [/^packages\/sql$/, [/^@automate\/sdk$/]],
  [/^packages\/testing$/, [/^@automate\/contract(\/|$)/, /^@automate\/sdk(\/|$)/]],
  [/^packages\/dashboard$/, [/^@automate\/contract(\/http)?$/]],
  [/^packages\/create-connector$/, [/^@automate\/contract(\/schema-type)?$/, /^@automate\/openapi$/]],
  // The schemas too: a message cannot carry what is wrong with a configuration, so the client checks before it writes one.
  [/^packages\/client$/, [/^@automate\/(grpc|contract(\/(grpc|json-text|schemas|service))?)$/]],
  [/^host$/, [/^@automate\/grpc$/, /^@automate\/contract(\/|$)/, /^@automate\/sdk(\/|$)/]],
  [/^plugins\/(grafana|prometheus)$/, [/^@automate\/(sdk(\/exchange)?|alertmanager)$/]],
  [/^plugins\/(mysql|postgres|sqlite)$/, [/^@automate\/(sdk|sql)$/]],
  [/^plugins\/openapi$/, [/^@automate\/(sdk(\/exchange)?|openapi)$/]],
  [/^plugins\/[^/]+$/, [/^@automate\/sdk(\/exchange)?$/]],
];

/** The command line is a client as well, and so is a host of other hosts. */
const CLI = /^host\/src\/cli\//;
const CLUSTER = /^host\/src\/cluster\//;

export function workspaceViolations(sources: readonly Source[]): Violation[] {
  return sources.flatMap((source) => {
    const folder = packageFolder(source.file);
    const allowed = WORKSPACE_IMPORTS.find(([pattern]) => pattern.test(folder))?.[1] ?? [];
    return source.imports.flatMap((specifier) => {
      if (isRelativeToRoot(specifier)) {
        return packageFolder(specifier) === folder
          ? []
          : [violation(source, specifier, 'reaches into another package by path')];
      }
      if (!specifier.startsWith('@automate/')) return [];
      if (allowed.some((pattern) => pattern.test(specifier))) return [];
      if (specifier === '@automate/client' && CLI.test(source.file)) return [];
      if (specifier === '@automate/client/peer' && CLUSTER.test(source.file)) return [];
      return [violation(source, specifier, `${folder} may not import this package`)];
    });
  });
}

/** What a package holds in itself when it is published, so that its users do not install it. */
const BUNDLED: Readonly<Record<string, readonly string[]>> = { 'packages/grpc': ['@grpc/grpc-js'] };

/** Nothing is used that the package's own manifest does not install. */
export function undeclaredImports(sources: readonly Source[], manifests: ReadonlyMap<string, Manifest>): Violation[] {
  return sources.flatMap((source) => {
    const manifest = manifests.get(packageFolder(source.file));
    const declared = new Set([
      ...Object.keys(manifest?.dependencies ?? {}),
      ...Object.keys(manifest?.peerDependencies ?? {}),
      ...(BUNDLED[packageFolder(source.file)] ?? []),
    ]);
    return source.imports
      .filter((specifier) => !isRelativeToRoot(specifier) && !isNode(specifier))
      .filter((specifier) => !declared.has(packageName(specifier)))
      .map((specifier) => violation(source, specifier, 'is not among the dependencies in package.json'));
  });
}

/** The contract's root is light: no package, no Node module, nothing from its own subpaths. */
export function contractRootViolations(sources: readonly Source[]): Violation[] {
  const inRoot = (path: string): boolean => /^packages\/contract\/src\/[^/]+\.ts$/.test(path);
  return sources
    .filter((source) => inRoot(source.file))
    .flatMap((source) =>
      source.imports
        .filter((specifier) => !inRoot(specifier))
        .map((specifier) => violation(source, specifier, "the contract's root has no run-time dependency")),
    );
}

/** Which stages each stage of the host imports. Nothing is taken back up: what is above hands values and functions down. */
const STAGE_IMPORTS: Readonly<Record<string, readonly string[]>> = {
  config: [],
  plugins: [],
  store: [],
  records: ['store'],
  runtime: [],
  secrets: ['config', 'runtime', 'store'],
  // Of the runtime the bucket alone, which a worker loads too.
  access: ['runtime', 'store'],
  execution: ['runtime', 'store'],
  executions: ['execution', 'store'],
  cluster: ['store', 'events'],
  connectors: ['plugins', 'config', 'runtime', 'execution', 'secrets', 'store'],
  webhooks: ['connectors', 'runtime', 'store'],
  service: ['access', 'connectors', 'execution'],
  transports: [],
  cli: [],
};
export const STAGES = Object.keys(STAGE_IMPORTS);

/** Folders beside the stages, for any of them to use; they know no stage themselves. */
export const BESIDE = ['events', 'log', 'telemetry'];

/** The only file that knows every stage; only cli/main imports it. */
const COMPOSITION_ROOT = 'host/src/create-host.ts';
const CLI_MAIN = 'host/src/cli/main.ts';
/** What the command line does without a host: it reads the very files that a host would, and looks for the same walls. */
const WITHOUT_HOST: ReadonlyArray<readonly [file: RegExp, stages: readonly string[]]> = [
  [/^host\/src\/cli\/main\.ts$/, ['config', 'records', 'secrets', 'store']],
  [/^host\/src\/cli\/bisect\//, ['plugins', 'runtime', 'store']],
  [/^host\/src\/cli\/doctor\//, STAGES],
  [/^host\/src\/cli\/conformance\//, ['plugins']],
  [/^host\/src\/cli\/agent\//, ['config', 'transports']],
  [/^host\/src\/cli\/store\//, ['records', 'store']],
  [/^host\/src\/cli\/plugins\//, ['config', 'plugins', 'runtime']],
];
/** Open a host without the command line: for programs that embed it. */
const OPENERS = ['host/src/index.ts', 'host/src/open-local-service.ts'];
/** What programs that embed the host see of it. */
const PUBLIC = ['host/src/index.ts', 'host/src/host.ts'];
/** Opens every door. */
const DOORS = 'host/src/transports/listeners.ts';

function folderOf(path: string): string | undefined {
  return /^host\/src\/([^/]+)\//.exec(path)?.[1];
}

function stageOf(path: string): string | undefined {
  const folder = folderOf(path);
  return folder === undefined || BESIDE.includes(folder) ? undefined : folder;
}

export function unknownFolders(sources: readonly Source[]): Violation[] {
  const folders = new Set(sources.map((source) => stageOf(source.file)).filter((stage) => stage !== undefined));
  return [...folders].filter((stage) => !STAGES.includes(stage)).map((stage) => `host/src/${stage}: is not a stage`);
}

export function stageViolations(sources: readonly Source[]): Violation[] {
  const byFile = new Map(sources.map((source) => [source.file, source]));
  return sources.flatMap((source) => {
    const from = stageOf(source.file);
    if (from === undefined) return [];
    return source.imports.filter(isRelativeToRoot).flatMap((specifier) => {
      const rule = stageRule(source.file, from, specifier, byFile);
      return rule === undefined ? [] : [violation(source, specifier, rule)];
    });
  });
}

function stageRule(
  file: string,
  from: string,
  target: string,
  byFile: ReadonlyMap<string, Source>,
): string | undefined {
  const to = stageOf(target);
  if (target === COMPOSITION_ROOT) return file === CLI_MAIN ? undefined : 'only cli/main imports create-host';
  if (file === CLI_MAIN && folderOf(target) === undefined) return undefined;
  if (to === undefined) return isLeaf(target, byFile) ? undefined : 'this file knows a stage, so no stage may know it';
  if (WITHOUT_HOST.some(([pattern, stages]) => pattern.test(file) && stages.includes(to))) return undefined;
  if (from === 'transports') return transportRule(file, target, to);
  if (from === to) return undefined;
  if (from === 'cli') return 'the command line sees the contract and the client alone';
  return (STAGE_IMPORTS[from] ?? []).includes(to) ? undefined : `${from} may not know ${to}`;
}

/** A transport translates: it sees the contract, its own folder and what all transports share. */
function transportRule(file: string, target: string, to: string): string | undefined {
  if (to !== 'transports') return 'transports see the contract alone';
  const own = /^host\/src\/transports\/[^/]+\//.exec(file)?.[0];
  const shared = /^host\/src\/transports\/[^/]+$/.test(target);
  if (file === DOORS || shared || (own !== undefined && target.startsWith(own))) return undefined;
  return 'a transport does not know another transport';
}

/** A file beside the stages that itself imports no stage, such as the close stack. */
function isLeaf(file: string, byFile: ReadonlyMap<string, Source>): boolean {
  return [...reachable(file, byFile)].every((path) => stageOf(path) === undefined && path !== COMPOSITION_ROOT);
}

/** What is not in a stage knows none (folders) or one (files), except the composition root and the list of public names. */
export function rootFileViolations(sources: readonly Source[]): Violation[] {
  const byFile = new Map(sources.map((source) => [source.file, source]));
  return sources
    .filter(({ file }) => stageOf(file) === undefined && file.startsWith('host/src/') && file !== COMPOSITION_ROOT)
    .flatMap((source) => {
      const isFolder = folderOf(source.file) !== undefined;
      const stages = new Set(source.imports.map(stageOf).filter((stage) => stage !== undefined));
      const isTooMuch = stages.size > (isFolder ? 0 : 1) && !PUBLIC.includes(source.file);
      const rule = isFolder ? 'this folder knows no stage' : 'only create-host knows more than one stage';
      const opening = source.imports.filter((target) => target === COMPOSITION_ROOT && !OPENERS.includes(source.file));
      const beyond = source.imports.filter((target) => isFolder && isRootFile(target) && !isLeaf(target, byFile));
      return [
        ...(isTooMuch ? [violation(source, [...stages].join(' + '), rule)] : []),
        ...opening.map((target) => violation(source, target, 'only cli/main imports create-host')),
        ...beyond.map((target) => violation(source, target, rule)),
      ];
    });
}

/** What is loaded by a name that nobody can read would be seen by no rule. */
export function unreadViolations(sources: readonly Source[], exempt: (file: string) => boolean): Violation[] {
  return sources
    .filter((source) => !exempt(source.file))
    .flatMap((source) =>
      source.unreadLoads.map((load) => violation(source, load, 'loads by a name that is not to be read here')),
    );
}

/** The file itself and everything of this repository that it loads, types included. */
export function reachable(file: string, byFile: ReadonlyMap<string, Source>): Set<string> {
  const seen = new Set<string>();
  const queue = [file];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    queue.push(...(byFile.get(next)?.imports ?? []).filter(isRelativeToRoot));
  }
  return seen;
}

/** Files that import one another in a circle, each circle once. */
export function circles(sources: readonly Source[]): string[] {
  const byFile = new Map(sources.map((source) => [source.file, source]));
  const loads = new Map(
    sources.map(({ file, imports }) => {
      const below = imports.filter(isRelativeToRoot).flatMap((each) => [...reachable(each, byFile)]);
      return [file, new Set(below)];
    }),
  );
  const found = sources.flatMap(({ file }) => {
    const circle = [...loads].filter(([other, below]) => below.has(file) && loads.get(file)?.has(other) === true);
    return circle.length === 0
      ? []
      : [
          circle
            .map(([other]) => other)
            .toSorted()
            .join(', '),
        ];
  });
  return [...new Set(found)];
}

/** Everything that `entry` loads must satisfy `allowed`; used for the worker's entry and for pure files. */
export function reachViolations(
  entry: string,
  options: {
    readonly sources: readonly Source[];
    readonly allowed: (specifier: string) => boolean;
    readonly rule: string;
  },
): Violation[] {
  const byFile = new Map(options.sources.map((source) => [source.file, source]));
  if (!byFile.has(entry)) return [`${entry}: is not there; move this rule with the file`];
  return [...reachable(entry, byFile)].flatMap((file) => {
    const source = byFile.get(file);
    if (source === undefined) return [`${entry} → ${file}: is not there`];
    return source.imports
      .filter((specifier) => !options.allowed(specifier))
      .map((specifier) => violation(source, specifier, `${options.rule} (loaded by ${entry})`));
  });
}

/** The transports' and packages' own door to the world: only the CLI's main file uses the `process` object. */
export function processViolations(sources: readonly Source[], exempt: (file: string) => boolean): Violation[] {
  return sources
    .filter((source) => !exempt(source.file))
    .flatMap((source) => {
      const imported = source.imports.filter((specifier) => /^(node:)?process$/.test(specifier));
      return [...new Set([...source.processUses, ...imported])].map((use) =>
        violation(source, use, 'only cli/main touches process'),
      );
    });
}

/** Package roots name what they export, one by one, and export nothing as default. */
export function exportViolations(sources: readonly Source[]): Violation[] {
  return sources
    .filter((source) => source.file.endsWith('/index.ts'))
    .flatMap((source) =>
      source.namelessExports.map((what) => violation(source, what, 'a public entry names each export')),
    );
}

/** A longer file says at its top why it is long. */
export function lengthViolations(sources: readonly Source[], most = 300): Violation[] {
  return sources
    .filter((source) => source.text.trimEnd().split('\n').length > most)
    .filter(
      (source) => !/^(\/\/.*\n)*\/\/.*\b(long|lines)\b|^\/\*(?:(?!\*\/)[\s\S])*\b(long|lines)\b/i.test(source.text),
    )
    .map(
      (source) => `${source.file}: has more than ${most} lines and no comment at its top that says why it is so long`,
    );
}
