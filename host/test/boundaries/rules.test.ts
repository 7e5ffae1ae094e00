import { describe, expect, it } from '@jest/globals';
import { parseSource, readManifests } from './read-sources.ts';
import {
  circles,
  contractRootViolations,
  exportViolations,
  lengthViolations,
  processViolations,
  reachViolations,
  rootFileViolations,
  stageViolations,
  undeclaredImports,
  unreadViolations,
  workspaceViolations,
} from './rules.ts';

const manifests = readManifests();

describe('the rules themselves', () => {
  const everyRule = (sources: Parameters<typeof stageViolations>[0]): string[] => [
    ...workspaceViolations(sources),
    ...undeclaredImports(sources, manifests),
    ...contractRootViolations(sources),
    ...stageViolations(sources),
    ...rootFileViolations(sources),
    ...processViolations(sources, () => false),
    ...exportViolations(sources),
    ...unreadViolations(sources, () => false),
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
    ['host/src/log/x.ts', "import type { Host } from '../create-host.ts';", 'only cli/main'],
    ['host/src/log/x.ts', "type A = import('../store/b.ts').B;", 'knows no stage'],
    ['host/src/x.ts', "import { createHost } from './create-host.ts';", 'only cli/main'],
    [
      'host/src/x.ts',
      "import { createRequire as make } from 'node:module';\nmake(import.meta.url)('@automate/client');",
      'may not import',
    ],
    [
      'host/src/x.ts',
      "import { createRequire as make } from 'node:module';\nconst load = make(import.meta.url);\nload('@automate/client');",
      'may not import',
    ],
    ['host/src/x.ts', "let load;\nload = createRequire(import.meta.url);\nload('@automate/client');", 'may not import'],
    [
      'host/src/x.ts',
      "class A { #load = createRequire(import.meta.url);\n b() { this.#load('@automate/client'); } }",
      'may not import',
    ],
    [
      'host/src/x.ts',
      "const { resolve } = createRequire(import.meta.url);\nresolve('@automate/client');",
      'may not import',
    ],
    ['host/src/x.ts', "module.require('@automate/client');", 'may not import'],
    ['host/src/x.ts', "const load = require;\nload('@automate/client');", 'may not import'],
    ['host/src/x.ts', "const name = '@automate/client';\nawait import(name);", 'may not import'],
    ['host/src/x.ts', 'await import(`${"@automate"}/client`);', 'may not import'],
    ['host/src/x.ts', 'await import(name);', 'a name that is not to be read here'],
    ['host/src/x.ts', "await import(['@automate', 'client'].join('/'));", 'a name that is not to be read here'],
    ['host/src/service/x.ts', 'new URL(`../cli/main.ts`, import.meta.url);', 'service may not know cli'],
    ['host/src/connectors/x.ts', 'const all = globalThis;\nall.process.exit();', 'only cli/main'],
    ['host/src/connectors/x.ts', "Reflect.get(globalThis, 'process');", 'only cli/main'],
    ['host/src/connectors/x.ts', 'globalThis[name];', 'only cli/main'],
    ['host/src/connectors/x.ts', 'globalThis?.process.env;', 'only cli/main'],
    ['host/src/connectors/x.ts', '(globalThis satisfies object).process;', 'only cli/main'],
    ['host/src/connectors/x.ts', "import * as own from 'node:process';", 'only cli/main'],
    ['host/src/connectors/x.ts', "const { env } = require('process');", 'only cli/main'],
    ['host/src/connectors/x.ts', 'const a = 1; const { pid: b } = process;', 'only cli/main'],
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
