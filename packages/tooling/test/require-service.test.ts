import { execFile } from 'node:child_process';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { findPython, isOnPath } from '@automate/tooling/require-service';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Runs one test file that needs a service, in a Jest of its own, and gives back the status of each test. */
async function runTest(program: string, environment: NodeJS.ProcessEnv): Promise<Record<string, string>> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'require-service-')));
  try {
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    await writeFile(
      join(folder, 'needy.test.js'),
      `import { describeWith, isOnPath } from '${at('../require-service.mjs')}';
       const service = { name: 'the service', available: () => isOnPath('${program}'), remedy: 'install it' };
       describeWith(service, 'with it', () => test('works', () => {}));`,
    );
    const config = JSON.stringify({ rootDir: folder, transform: {}, testEnvironment: 'node' });
    const report = join(folder, 'report.json');
    const jest = at('../../../node_modules/jest/bin/jest.js');
    const args = ['--experimental-vm-modules', jest, '--config', config, '--json', `--outputFile=${report}`];
    // A failing test makes Jest exit with 1; the report says more.
    await promisify(execFile)('node', args, { cwd: folder, env: environment }).catch(() => undefined);
    const { testResults } = JSON.parse(await readFile(report, 'utf8'));
    return Object.fromEntries(
      testResults[0].assertionResults.map((test: { fullName: string; status: string }) => [test.fullName, test.status]),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const { CI: _, ...environment } = process.env;

describe('a test that needs a service', () => {
  it('runs where the service is', async () => {
    expect(await runTest('node', environment)).toStrictEqual({ 'with it works': 'passed' });
  });

  it('is skipped, with its name and the reason, where the service is missing', async () => {
    expect(await runTest('no-such-program', environment)).toStrictEqual({
      'with it (needs the service) works': 'pending',
    });
  });

  it('fails where the service is missing and nothing may be skipped', async () => {
    expect(await runTest('no-such-program', { ...environment, CI: 'true' })).toStrictEqual({
      'with it has the service that it needs: the service': 'failed',
    });
  });
});

describe('looking for a service', () => {
  it('finds programs on PATH, and only there', () => {
    expect(isOnPath('node')).toBe(true);
    expect(isOnPath('no-such-program')).toBe(false);
  });

  it('finds no Python for a module that does not exist', () => {
    expect(findPython(['no_such_module'])).toBeUndefined();
  });
});
