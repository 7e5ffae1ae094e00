import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { readOperations } from '../src/openapi/read-operations.ts';
import type { RenderedOperations } from '../src/openapi/render-operations.ts';
import { TEMPLATES } from '../src/questions.ts';
import { renderPackage } from '../src/render-package.ts';
import { writeNewFolder } from '../src/write-new-folder.ts';

const OWN = fileURLToPath(new URL('..', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

interface Manifest {
  readonly version: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly automate: {
    readonly connectors: Readonly<Record<string, { readonly entry: string; readonly type: string }>>;
  };
}

const read = (path: string): Manifest => JSON.parse(readFileSync(path, 'utf8')) as Manifest;

/** Runs a program of the package as its script would. */
function program(cwd: string, ...args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, env, timeout: 120_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: `${stdout}${stderr}` }),
    );
  });
}

/** Of several words, of one letter, of digits and lines in odd places: none may break a name of a class, a file or a text. */
const NAMES: Readonly<Record<string, readonly (readonly [name: string, kind: string])[]>> = {
  minimal: [
    ['x', 'x'],
    ['connector-2go', 's3__store_2'],
  ],
};
/** What some template imports. */
const DEPENDENCIES = [
  ...['@automate/openapi', '@automate/sdk', '@automate/testing', '@electric-sql/pglite', '@electric-sql/pglite-socket'],
  ...['@types/pg', 'pg', 'zod'],
];

/** Operations of every kind of parameter and body, with examples that fit, others that do not, and none. */
async function operations(): Promise<RenderedOperations> {
  const document = fileURLToPath(new URL('fixtures/orders.yaml', import.meta.url));
  const read = await readOperations({ document, patterns: '*', takeSuggestions: true });
  if (!('operations' in read) || read.operations === undefined) throw new Error('the document is not read');
  return read.operations;
}

const USUAL = [['@big.corp/connector-order-desk', 'order_desk']] as const;

describe.each(Object.keys(TEMPLATES))('the template %s', (template) => {
  it.each([...USUAL, ...(NAMES[template] ?? [])])(
    'compiles, builds and passes its tests as %s with the kind %s',
    async (name, kind) => {
      const folder = realpathSync(mkdtempSync(join(tmpdir(), 'automate-template-')));
      try {
        const place = join(folder, 'package');
        const answers = { name, kind, type: 'storage', template, packageManager: 'npm' };
        const files = renderPackage(answers, template === 'openapi' ? await operations() : undefined);
        writeNewFolder(place, files);
        for (const [path, text] of files) expect(`${path}\n${text}`).not.toMatch(/my.?service|@acme/i);
        for (const dependency of [...DEPENDENCIES, '@types/node']) {
          const link = join(folder, 'node_modules', dependency);
          mkdirSync(dirname(link), { recursive: true });
          symlinkSync(join(dependency === '@types/node' ? ROOT : OWN, 'node_modules', dependency), link, 'dir');
        }
        const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
        expect(await program(place, tsc)).toEqual({ code: 0, output: '' });
        expect(await program(place, tsc, '-p', 'tsconfig.build.json')).toEqual({ code: 0, output: '' });
        const { code, output } = await program(place, '--test', '--test-reporter=tap', 'test/**/*.test.ts');
        expect(output).toMatch(/^# fail 0$/m);
        expect(Number(/^# pass (\d+)$/m.exec(output)?.[1])).toBeGreaterThan(9);
        expect(code).toBe(0);
        const { version, automate } = read(join(place, 'package.json'));
        expect(automate.connectors[kind]?.type).toBe('storage');
        const { default: Adapter } = (await import(join(place, automate.connectors[kind]!.entry))) as {
          readonly default: new () => object;
        };
        expect(new Adapter()).toMatchObject({ name: kind, version });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});

it('asks for the tools that this repository is checked with, and for hosts of its own version', () => {
  const tools = read(join(ROOT, 'package.json')).devDependencies;
  const { devDependencies, peerDependencies, engines } = read(join(OWN, 'templates/common/package.json'));
  for (const tool of ['@types/node', 'oxlint', 'oxlint-tsgolint', 'typescript'])
    expect([tool, devDependencies[tool]]).toEqual([tool, tools[tool]]);
  const range = `^${read(join(OWN, 'package.json')).version}`;
  expect([engines['automate'], peerDependencies['@automate/sdk']]).toEqual([range, range]);
  for (const ours of ['@automate/host', '@automate/sdk', '@automate/testing'])
    expect([ours, devDependencies[ours]]).toEqual([ours, range]);
});
