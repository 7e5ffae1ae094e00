import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseSource, readManifests, readSources, ROOT } from './boundaries/read-sources.ts';
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
const CLI_MAIN = /^host\/src\/cli\/main\.ts$/;

/** Which service to call is part of the environment, by contract; every caller would have to read it otherwise. */
const CONNECT = /^packages\/client\/src\/(connect|local-backend)\.ts$/;

/** A runner without hooks is told by the exit code of the author's own process, which is all that there is. */
const HARNESS = /^packages\/testing\/src\/test-runner\.ts$/;

const WRITTEN_FOLDERS = [...manifests]
  .filter(([, manifest]) => manifest.private !== true)
  .map(([folder]) => `${folder}/src`);

/** The names under which strangers import our packages. Adding one is a promise, so it is made here as well. */
const PUBLIC_ENTRIES: Readonly<Record<string, readonly string[]>> = {
  '@automate/alertmanager': ['.', './package.json'],
  '@automate/client': ['.', './package.json'],
  '@automate/contract': ['.', './grpc', './http', './json-text', './package.json', './schemas', './service'],
  '@automate/grpc': ['.', './package.json'],
  '@automate/host': ['.', './package.json'],
  '@automate/sdk': ['.', './exchange', './package.json', './runtime', './runtime/masking'],
  '@automate/sql': ['.', './package.json'],
  '@automate/testing': ['.', './package.json'],
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

describe('the rules themselves', () => {
  const everyRule = (sources: Parameters<typeof stageViolations>[0]): string[] => [
    ...workspaceViolations(sources),
    ...undeclaredImports(sources, manifests),
    ...contractRootViolations(sources),
    ...stageViolations(sources),
    ...rootFileViolations(sources),
    ...processViolations(sources, () => false),
    ...exportViolations(sources),
  ];
  const long = 'const a = 1;\n'.repeat(301);

  it.each([
    ['packages/contract/src/x.ts', "import { z } from 'zod';", 'no run-time dependency'],
    ['packages/contract/src/x.ts', "import { a } from './grpc/index.ts';", 'no run-time dependency'],
    ['packages/sdk/src/x.ts', "import {\n  type A,\n  b,\n} from '@automate/contract/grpc';", 'may not import'],
    ['packages/sdk/src/x.ts', "import { a } from '../../contract/src/json.ts';", 'another package by path'],
    ['packages/client/src/x.ts', "const host = await import('@automate/host');", 'may not import'],
    ['plugins/slack/src/x.ts', "import type { A } from '@automate/contract';", 'may not import'],
    ['plugins/slack/src/x.ts', "import a from 'left-pad';", 'not among the dependencies'],
    ['host/src/service/x.ts', "import { a } from '@automate/connector-slack';", 'may not import'],
    ['host/src/service/x.ts', "import { a } from '@automate/client';", 'may not import'],
    ['host/src/plugins/x.ts', "import type { A } from '../runtime/runtime.ts';", 'plugins may not know runtime'],
    ['host/src/transports/rest/x.ts', "import { a } from '../../connectors/registry.ts';", 'contract alone'],
    ['host/src/transports/rest/x.ts', "import { a } from '../grpc/server.ts';", 'another transport'],
    ['host/src/cli/commands/x.ts', "import { a } from '../../create-host.ts';", 'only cli/main'],
    ['host/src/cli/main.ts', "import { a } from '../service/a.ts';", 'contract and the client alone'],
    ['host/src/cli/x.ts', "import { a } from '../store/a.ts';", 'contract and the client alone'],
    ['host/src/x.ts', "export { a } from './store/a.ts';\nexport { b } from './plugins/b.ts';", 'more than one stage'],
    ['host/src/service/x.ts', "import { a } from '../create-host.ts';", 'only cli/main'],
    ['host/src/connectors/x.ts', "import { a } from '../service/a.ts';", 'connectors may not know service'],
    ['host/src/log/x.ts', "import type { A } from '../connectors/registry.ts';", 'knows no stage'],
    ['host/src/connectors/x.ts', 'const at = process.hrtime();', 'only cli/main'],
    ['packages/sdk/src/index.ts', "export * from './a.ts';", 'names each export'],
    ['host/src/x.ts', "const a = 1; import { b } from '@automate/client';", 'may not import'],
    ['host/src/x.ts', "const a = require('@automate/client');", 'may not import'],
    ['host/src/x.ts', "const load = createRequire(import.meta.url);\nload('@automate/client');", 'may not import'],
    ['host/src/x.ts', "module.createRequire(import.meta.url)('@automate/client');", 'may not import'],
    ['host/src/x.ts', "import.meta.resolve('@automate/client');", 'may not import'],
    ['host/src/x.ts', 'await import(`@automate/client`);', 'may not import'],
    ['host/src/x.ts', 'await import(`@automate/connector-${kind}`);', 'may not import'],
    ['host/src/x.ts', "await import('@automate/' + 'client');", 'may not import'],
    ['host/src/x.ts', "type A = import('@automate/client').A;", 'may not import'],
    ['host/src/x.ts', "import a = require('@automate/client');", 'may not import'],
    ['host/src/connectors/x.ts', 'const { env } = process;', 'only cli/main'],
    ['host/src/connectors/x.ts', 'const { env } = globalThis.process;', 'only cli/main'],
    ['host/src/connectors/x.ts', "const a = (globalThis as any)['process'];", 'only cli/main'],
    ['host/src/connectors/x.ts', 'const { process } = globalThis;', 'only cli/main'],
    ['host/src/connectors/x.ts', 'const { process: a } = globalThis;', 'only cli/main'],
    ['host/src/connectors/x.ts', "process['exit'](1);", 'only cli/main'],
    ['host/src/log/x.ts', "const a = 1; export { b } from '../store/b.ts';", 'knows no stage'],
  ])('refuse in %s: %s', (file, text, rule) => {
    expect(everyRule([parseSource(file, text)])).toContainEqual(expect.stringContaining(rule));
  });

  it.each([
    ['packages/sdk/src/x.ts', "// import { a } from '@automate/host';"],
    ['host/src/connectors/x.ts', 'const a = { process: 1 };\nconst b = a.process;'],
    ['packages/sdk/src/x.ts', "/**\n * const a = await import('@automate/host');\n */"],
    ['packages/sdk/src/x.ts', "import { a } from '@automate/contract';\nconst b = 'process.exit ends it';"],
    ['host/src/cli/main.ts', "import { createHost } from '../create-host.ts';"],
    ['host/src/cli/x.ts', "import { connect } from '@automate/client';"],
    ['host/src/service/x.ts', "import type { A } from '../connectors/registry.ts';"],
    ['host/src/transports/rest/x.ts', "import type { A } from '../../telemetry/telemetry.ts';"],
    ['host/src/create-host.ts', "import { a } from './connectors/a.ts';\nimport { b } from './store/b.ts';"],
    ['host/src/cli/doctor/x.ts', "import { a } from '../../store/a.ts';\nimport { b } from '../../secrets/b.ts';"],
    ['host/src/store/x.ts', "import { closeStack } from '../close-stack.ts';"],
  ])('allow in %s: %s', (file, text) => {
    expect(everyRule([parseSource(file, text)])).toEqual([]);
  });

  it('see a Node module behind a pure file, and a package behind the worker entry', () => {
    const sources = [
      parseSource('host/src/config/a.ts', "import { b } from './b.ts';"),
      parseSource('host/src/config/b.ts', "import { readFileSync } from 'node:fs';"),
    ];
    const allowed = (specifier: string): boolean => !specifier.startsWith('node:');
    expect(reachViolations('host/src/config/a.ts', { sources, allowed, rule: 'pure' })).toEqual([
      'host/src/config/b.ts → node:fs: pure (loaded by host/src/config/a.ts)',
    ]);
  });

  it('see a circle, of types too', () => {
    const sources = [
      parseSource('host/src/config/a.ts', "import { b } from './b.ts';"),
      parseSource('host/src/config/b.ts', "import type { C } from './c.ts';"),
      parseSource('host/src/config/c.ts', "export { a } from './a.ts';"),
      parseSource('host/src/config/d.ts', "import { a } from './a.ts';"),
    ];
    expect(circles(sources)).toEqual(['host/src/config/a.ts, host/src/config/b.ts, host/src/config/c.ts']);
  });

  it('want a reason for a long file, and take one', () => {
    expect(lengthViolations([parseSource('host/src/x.ts', long)])).toHaveLength(1);
    expect(lengthViolations([parseSource('host/src/x.ts', `// Long because it is one table.\n${long}`)])).toEqual([]);
    expect(
      lengthViolations([parseSource('host/src/x.ts', `/** A table.\n * Its lines belong together. */\n${long}`)]),
    ).toEqual([]);
    expect(lengthViolations([parseSource('host/src/x.ts', `// A table.\n${long}// long\n`)])).toHaveLength(1);
  });
});
