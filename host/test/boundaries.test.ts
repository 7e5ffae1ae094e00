import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readManifests, readSources, ROOT } from './boundaries/read-sources.ts';
import {
  circles,
  contractRootViolations,
  exportViolations,
  lengthViolations,
  processViolations,
  reachViolations,
  rootFileViolations,
  stageViolations,
  BESIDE,
  STAGES,
  undeclaredImports,
  unknownFolders,
  unreadViolations,
  workspaceViolations,
} from './boundaries/rules.ts';

const shipped = readSources('packages/*/src/**/*.ts', 'plugins/*/src/**/*.ts', 'host/src/**/*.ts');
const host = shipped.filter((source) => source.file.startsWith('host/'));
const manifests = readManifests();

/** Decisions that need no file, clock, socket or thread, and can be read and tested as plain functions. */
const PURE = [
  'packages/contract/src/schemas/duration.ts',
  'host/src/config/interpolate.ts',
  'host/src/config/parse-config.ts',
  'host/src/plugins/discovery/parse-manifest.ts',
  'host/src/plugins/compatibility/check-compatibility.ts',
  'host/src/plugins/compatibility/explain.ts',
  'host/src/connectors/connector-state.ts',
  'host/src/runtime/messages.ts',
  'host/src/runtime/restart-policy.ts',
];

const WORKER_ENTRIES = ['host/src/runtime/worker-entry.ts', 'host/src/runtime/process-entry.ts'];

/** What runs inside a connector's thread or process guards its own `process`; one that is launched needs the host's program, and walls that it knows, and is ended by a signal. */
const WORKER_SIDE = /^host\/src\/runtime\/((worker|process)-entry\.ts$|worker\/|bodies\/(launch-child|walls)\.ts$)/;
const CLI_MAIN = /^(host\/src\/cli|packages\/create-connector\/src)\/main\.ts$/;

/** Which service to call is part of the environment, by contract; every caller would have to read it otherwise. */
const CONNECT = /^packages\/client\/src\/(connect|local-backend)\.ts$/;

/** Runs in the author's own process: a runner without hooks is told by its exit code, and what records by its environment. */
const HARNESS =
  /^packages\/testing\/src\/(test-runner|run-in-worker|recorded-service|permissions\/(record-entry|record-uses|watch-machine)|conformance\/(seen|steps|probe-entry))\.ts$/;

/** Load a connector, and the host that is installed: what those are shows when they run. */
const LOADERS =
  /^(host\/src\/(runtime\/worker\/load-adapter|cli\/conformance\/load-suite)|packages\/(client\/src\/local-backend|testing\/src\/(run-in-worker|conformance\/probe-entry)))\.ts$/;

const WRITTEN_FOLDERS = [...manifests]
  .filter(([, manifest]) => manifest.private !== true)
  .map(([folder]) => `${folder}/src`);

/** The names under which strangers import our packages. Adding one is a promise, so it is made here as well. */
const PUBLIC_ENTRIES: Readonly<Record<string, readonly string[]>> = {
  '@automate/alertmanager': ['.', './package.json'],
  '@automate/client': ['.', './package.json', './peer'],
  '@automate/contract': [
    ...['.', './grpc', './http', './json-text', './package.json', './schema-type', './schemas', './service'],
  ],
  '@automate/create-connector': ['./package.json'],
  '@automate/grpc': ['.', './package.json'],
  '@automate/host': ['.', './package.json'],
  '@automate/sdk': ['.', './exchange', './package.json', './runtime', './runtime/masking'],
  '@automate/openapi': ['.', './package.json'],
  '@automate/sql': ['.', './package.json'],
  '@automate/testing': ['.', './conformance', './package.json'],
};

/** A connector is found by its manifest; its root is for programs that want its types. */
const CONNECTOR_ENTRIES = ['.', './package.json'];

const published = [...manifests.values()].filter((manifest) => manifest.private !== true);

describe('who may import whom', () => {
  it('finds the sources it is about', () => {
    const missing = [...WRITTEN_FOLDERS, ...[...STAGES, ...BESIDE].map((stage) => `host/src/${stage}`)].filter(
      (folder) => !shipped.some((source) => source.file.startsWith(`${folder}/`)),
    );
    expect(missing).toStrictEqual([]);
  });

  it('lets packages import only the packages below them', () => {
    expect(workspaceViolations(shipped)).toStrictEqual([]);
  });

  it('lets sources import only what their own package.json installs', () => {
    expect(undeclaredImports(shipped, manifests)).toStrictEqual([]);
  });

  it("keeps the contract's root free of any dependency", () => {
    expect(contractRootViolations(shipped)).toStrictEqual([]);
  });

  it('lets a stage of the host import only from stages before it', () => {
    expect([...unknownFolders(host), ...stageViolations(host)]).toStrictEqual([]);
  });

  it('goes one way down: no file comes back to itself, types included', () => {
    expect(circles(shipped)).toStrictEqual([]);
  });

  it('has one composition root', () => {
    expect(rootFileViolations(host)).toStrictEqual([]);
  });

  it("loads a worker's entry without the host", () => {
    const allowed = (specifier: string): boolean =>
      specifier.startsWith('host/src/runtime/') ||
      specifier.startsWith('node:') ||
      /^@automate\/(contract(\/json-text)?$|sdk(\/|$))/.test(specifier);
    const rule = 'a worker loads nothing but its own side of the runtime';
    expect(WORKER_ENTRIES.flatMap((entry) => reachViolations(entry, { sources: host, allowed, rule }))).toStrictEqual(
      [],
    );
  });

  it('keeps decisions pure', () => {
    const allowed = (specifier: string): boolean => !specifier.startsWith('node:');
    const rule = 'a pure file imports no Node module';
    expect(PURE.flatMap((file) => reachViolations(file, { sources: shipped, allowed, rule }))).toStrictEqual([]);
  });

  it('touches process in cli/main alone', () => {
    const exempt = (file: string): boolean => [CLI_MAIN, WORKER_SIDE, CONNECT, HARNESS].some((each) => each.test(file));
    expect(processViolations(shipped, exempt)).toStrictEqual([]);
  });

  it('loads nothing by a name that is not to be read in the source', () => {
    expect(unreadViolations(shipped, (file) => LOADERS.test(file))).toStrictEqual([]);
  });
});

describe('the public surface', () => {
  it('is imported under exactly these names', () => {
    const entries = published.map(
      (manifest) => [manifest.name, Object.keys(manifest.exports ?? {}).toSorted()] as const,
    );
    const connectors = entries.map(([name]) => name).filter((name) => name.startsWith('@automate/connector-'));
    expect(connectors).not.toHaveLength(0);
    expect(Object.fromEntries(entries)).toStrictEqual({
      ...Object.fromEntries(connectors.map((name) => [name, CONNECTOR_ENTRIES])),
      ...PUBLIC_ENTRIES,
    });
  });

  it('has one version, and every package is in the group that is released together', () => {
    expect(new Set(published.map((manifest) => manifest.version)).size).toBe(1);
    const group = /^ {2}fixed:\n((?: {4}.*\n)+)/m.exec(readFileSync(join(ROOT, 'pnpm-workspace.yaml'), 'utf8'))?.[1];
    const members = [...(group ?? '').matchAll(/'([^']+)'/g)].map((match) => match[1]);
    expect(published.map((manifest) => manifest.name).filter((name) => !members.includes(name))).toStrictEqual([]);
  });

  it('says where it comes from, without which a registry shows no provenance', () => {
    const project = 'https://github.com/automate-connectors/automate-connectors';
    const told = [...manifests].filter(([, { private: hidden }]) => hidden !== true);
    expect(told.map(([, { repository, homepage, bugs }]) => ({ repository, homepage, bugs }))).toStrictEqual(
      told.map(([folder]) => ({
        repository: { type: 'git', url: `git+${project}.git`, directory: folder },
        homepage: `${project}/tree/main/${folder}#readme`,
        bugs: `${project}/issues`,
      })),
    );
  });

  it('names each export of a public entry', () => {
    expect(exportViolations(shipped)).toStrictEqual([]);
  });
});

describe('the length of files', () => {
  it('is at most 300 lines, unless the file says why', () => {
    const written = readSources(
      '{packages,plugins}/*/{src,test,bench}/**/*.{ts,mjs,js}',
      'packages/tooling/**/*.{mjs,ts}',
      'host/{bin,src,test,bench}/**/*.{ts,mjs,js}',
    );
    expect(lengthViolations(written)).toStrictEqual([]);
  });
});
