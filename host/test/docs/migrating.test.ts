import { expect, it } from '@jest/globals';
import { codeBlocks } from './fixtures/read-docs.ts';
import { SampleProject } from './fixtures/sample-project.ts';

const SETTINGS = {
  compilerOptions: {
    target: 'es2024',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noEmit: true,
    noImplicitOverride: true,
    skipLibCheck: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
  },
  include: ['src', 'test'],
};

it('has examples that compile, and pass their tests and those of every connector', async () => {
  const files = codeBlocks('docs/migrating.md').flatMap(({ words, text }) => {
    const path = words.find((word) => word.startsWith('file='))?.slice('file='.length);
    return path === undefined ? [] : [[path, text] as const];
  });
  expect(files.map(([path]) => path)).toEqual(
    ['n8n', 'python', 'go'].flatMap((form) => [`src/from-${form}-adapter.ts`, `test/from-${form}.test.ts`]),
  );
  await using project = await SampleProject.create({
    ...Object.fromEntries(files),
    'package.json': JSON.stringify({ name: 'migrated', private: true, type: 'module' }),
    'tsconfig.json': JSON.stringify(SETTINGS),
  });
  expect(await project.compile()).toMatchObject({ output: '', code: 0 });
  const { output, code } = await project.node('--test', '--test-reporter=tap', 'test/*.test.ts');
  expect(output).toMatch(/^# fail 0$/m);
  expect(Number(/^# pass (\d+)$/m.exec(output)?.[1])).toBeGreaterThan(30);
  expect(code).toBe(0);
});
