import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const require = createRequire(import.meta.url);
const JEST = join(import.meta.dirname, '../../../node_modules/jest/bin/jest.js');
const VITEST = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs');

/** How an author runs tests, and from where tests have `describe` and `it`: none of these has them as globals. */
const RUNNERS = {
  jest: {
    args: [
      '--experimental-vm-modules',
      JEST,
      '--rootDir=.',
      '--testMatch=**/*.test.mjs',
      '--transform={}',
      '--injectGlobals=false',
      '--runTestsByPath',
    ],
    from: '@jest/globals',
  },
  vitest: { args: [VITEST, 'run', '--globals=false', '--reporter=verbose'], from: 'vitest' },
  'node:test': { args: ['--test', '--test-reporter=tap'], from: 'node:test' },
} as const;

let directory: string;
beforeAll(async () => {
  // Within this package, so that its files find what they import.
  directory = await mkdtemp(join(import.meta.dirname, '.runners-'));
  await cp(join(import.meta.dirname, 'fixtures/greeter'), directory, { recursive: true });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Runs a file of tests as its author does; answers its exit code and all that it printed. */
async function run(args: readonly string[], file: string): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [...args, file], {
    cwd: directory,
    // As where tests of one runner start another one.
    env: { PATH: process.env['PATH'], CI: 'true', NO_COLOR: '1', JEST_WORKER_ID: '1' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}

describe.each(Object.entries(RUNNERS))('under %s, without globals,', (name, { args, from }) => {
  const write = async (fixture: string): Promise<string> => {
    const text = await readFile(join(directory, `${fixture}.js`), 'utf8');
    const file = `${fixture}-${name.replace(':', '-')}.test.mjs`;
    await writeFile(join(directory, file), text.replaceAll("'node:test'", `'${from}'`));
    return file;
  };

  it('the tests of a package pass: conformance, test cases, workers, recordings, a clock', async () => {
    const { code, output } = await run(args, await write('sound'));
    expect({ code, output }).toMatchObject({ code: 0 });
    for (const title of ['greets in a worker', 'say hello', 'goes on', 'leaves nothing open after close', 'replays'])
      expect(output.toLowerCase()).toContain(title);
  });

  it('what is wrong fails the run, a test case that nobody registers included', async () => {
    const { code, output } = await run(args, await write('wrong'));
    expect({ code, output }).toMatchObject({
      code: 1,
      output: expect.stringMatching(/"greet" answered .* is not what its output describes/),
    });
    const forgotten = await run(args, await write('forgotten'));
    expect(forgotten).toMatchObject({
      code: 1,
      output: expect.stringMatching(/a subclass of ConnectorTestCase ran no test/),
    });
  });
});
