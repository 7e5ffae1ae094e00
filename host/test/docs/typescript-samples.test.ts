import { expect, it } from '@jest/globals';
import { codeBlocks, PACKAGE_PAGES, PAGES } from './fixtures/read-docs.ts';
import { SampleProject } from './fixtures/sample-project.ts';

const CONFIG = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
  },
  include: ['samples', 'src'],
};

/** Samples that make a project together have a test of their own, which also runs them. */
const samples = [...PAGES, ...PACKAGE_PAGES]
  .flatMap(codeBlocks)
  .filter(({ language, words }) => language === 'ts' && !words.some((word) => word.startsWith('file=')));

/** What the harness's README tests is the adapter of the SDK's. */
const adapter = samples.find(
  ({ file, text }) => file === 'packages/sdk/README.md' && text.includes('class MyServiceAdapter'),
);

it('compiles every TypeScript sample of the documentation and the READMEs', async () => {
  expect(samples.length).toBeGreaterThan(6);
  expect(adapter).toBeDefined();
  const named = samples.map(
    ({ file, line, text }) => [`samples/${file.replaceAll(/[/.]/g, '-')}-line-${line}.ts`, text] as const,
  );
  await using project = await SampleProject.create({
    'package.json': JSON.stringify({ name: 'samples', private: true, type: 'module' }),
    'tsconfig.json': JSON.stringify(CONFIG),
    'src/my-service-adapter.ts': adapter?.text ?? '',
    ...Object.fromEntries(named),
  });
  const { output, code } = await project.compile();
  expect(output).toBe('');
  expect(code).toBe(0);
});
