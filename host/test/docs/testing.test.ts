import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { codeBlocks } from './fixtures/read-docs.ts';
import { SampleProject } from './fixtures/sample-project.ts';

const SETTINGS = {
  compilerOptions: {
    target: 'es2024',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noImplicitOverride: true,
    skipLibCheck: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    rewriteRelativeImportExtensions: true,
    rootDir: 'src',
    outDir: 'dist',
  },
  include: ['src'],
};
const WHOLE = {
  extends: './tsconfig.json',
  compilerOptions: {
    rootDir: '.',
    noEmit: true,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
  },
  include: ['src', 'test'],
};
const PACKAGE = {
  name: '@acme/connector-notes',
  version: '1.0.0',
  type: 'module',
  keywords: ['automate-connector'],
  files: ['dist'],
  engines: { automate: '^1.0.0' },
  automate: { connectors: { notes: { entry: './dist/notes-adapter.js', permissions: { network: ['*'] } } } },
  dependencies: { zod: '*' },
  peerDependencies: { '@automate/sdk': '*' },
};

let project: SampleProject;
beforeAll(async () => {
  const files = codeBlocks('docs/testing.md').flatMap(({ words, text }) => {
    const path = words.find((word) => word.startsWith('file='))?.slice('file='.length);
    return path === undefined ? [] : [[path, text] as const];
  });
  project = await SampleProject.create({
    ...Object.fromEntries(files),
    'package.json': JSON.stringify(PACKAGE),
    'tsconfig.json': JSON.stringify(SETTINGS),
    'tsconfig.whole.json': JSON.stringify(WHOLE),
  });
});
afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
});

describe('the page about tests', () => {
  it('has a package that compiles, and whose tests pass', async () => {
    expect(await project.compile()).toMatchObject({ output: '', code: 0 });
    expect(await project.compile('-p', 'tsconfig.whole.json')).toMatchObject({ output: '', code: 0 });
    const { output, code } = await project.node('--test', '--test-reporter=tap', 'test/*.test.ts');
    expect(output).toMatch(/^# fail 0$/m);
    expect(Number(/^# pass (\d+)$/m.exec(output)?.[1])).toBeGreaterThan(50);
    expect(code).toBe(0);
  });
});
