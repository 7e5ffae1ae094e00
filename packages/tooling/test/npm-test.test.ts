import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const suites = new URL('../suites/', import.meta.url);

/** Runs a few lines in a process of their own, as `npm test` does, and gives back what they print. */
async function print(lines: string): Promise<string> {
  const { stdout } = await promisify(execFile)('node', ['--input-type=module', '--eval', lines]);
  return stdout;
}

async function read(testResults: readonly object[]): Promise<unknown> {
  const results = JSON.stringify(testResults);
  const file = new URL('read-report.mjs', suites).href;
  return JSON.parse(
    await print(`import { readReport } from '${file}'; console.log(JSON.stringify(readReport(${results})));`),
  );
}

async function summarise(results: readonly object[]): Promise<string[]> {
  const file = new URL('report.mjs', suites).href;
  const printed = await print(`import { printSummary } from '${file}'; printSummary(${JSON.stringify(results)});`);
  return printed.trimEnd().split('\n');
}

const suite = { name: 'unit', passed: 0, failures: [], skipped: [], seconds: 1 };

describe('reading what Jest reports', () => {
  it('counts passed tests and names the others', async () => {
    const assertionResults = [
      { ancestorTitles: ['a door'], title: 'opens', status: 'passed' },
      { ancestorTitles: ['a door'], title: 'shuts', status: 'failed' },
      { ancestorTitles: ['a door'], title: 'rings', status: 'pending' },
      { ancestorTitles: [], title: 'is green', status: 'todo' },
    ];
    const name = new URL('../../../host/test/door.test.ts', import.meta.url).pathname;
    expect(await read([{ name, status: 'failed', message: '', assertionResults }])).toStrictEqual({
      passed: 1,
      failures: ['host/test/door.test.ts › a door › shuts'],
      skipped: ['host/test/door.test.ts › a door › rings', 'host/test/door.test.ts › is green'],
    });
  });

  it('counts a file that could not be loaded as a failure, with the reason', async () => {
    const message = "  ● Test suite failed to run\n\n    Cannot find module './gone.ts'\n";
    expect(await read([{ name: '/x.test.ts', status: 'failed', message, assertionResults: [] }])).toMatchObject({
      passed: 0,
      failures: [expect.stringContaining("Cannot find module './gone.ts'")],
    });
  });

  it('counts what failed around the tests, although every test passed', async () => {
    const assertionResults = [{ ancestorTitles: [], title: 'opens', status: 'passed' }];
    const message = '  ● Test suite failed to run\n\n    the server did not close\n';
    expect(await read([{ name: '/x.test.ts', status: 'failed', message, assertionResults }])).toMatchObject({
      passed: 1,
      failures: [expect.stringContaining('the server did not close')],
    });
  });
});

describe('a file that failed and was run again', () => {
  it('counts as it ended the second time', async () => {
    const test = { ancestorTitles: [], title: 'opens' };
    const file = (name: string, status: string): object => ({
      name: new URL(`../../../host/test/${name}.test.ts`, import.meta.url).pathname,
      status,
      message: '',
      assertionResults: [{ ...test, status }],
    });
    const first = [file('door', 'passed'), file('gate', 'failed'), file('wall', 'failed')];
    const again = [file('gate', 'passed'), file('wall', 'failed')];
    const { href } = new URL('read-report.mjs', suites);
    const lines = `
      import { readReport, replaceResults } from '${href}';
      const both = [${JSON.stringify(first)}, ${JSON.stringify(again)}];
      console.log(JSON.stringify(readReport(replaceResults(...both))));`;
    expect(JSON.parse(await print(lines))).toStrictEqual({
      passed: 2,
      failures: ['host/test/wall.test.ts › opens'],
      skipped: [],
    });
  });
});

describe('the sum of all suites', () => {
  it('stands in the last line', async () => {
    const lines = await summarise([
      { ...suite, passed: 3 },
      { ...suite, name: 'host', passed: 4 },
    ]);
    expect(lines.at(-1)).toBe('7 passed, 0 failed');
  });

  it('comes after the names of what failed, what was unsteady and what was skipped', async () => {
    const lines = await summarise([
      { ...suite, passed: 3, failures: ['a › b'], skipped: ['c › d'], unsteady: ['e › f'] },
    ]);
    expect(lines).toEqual(expect.arrayContaining(['  unit: a › b', '  unit: c › d', '  unit: e › f']));
    expect(lines.at(-1)).toBe('3 passed, 1 failed, 1 skipped');
  });
});

describe('npm test', () => {
  it('refuses a suite that does not exist, and names those that do', async () => {
    const program = new URL('../test.mjs', import.meta.url).pathname;
    await expect(promisify(execFile)('node', [program, 'unti'])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no suite named "unti"[\s\S]*unit, host, e2e/),
    });
  });
});
