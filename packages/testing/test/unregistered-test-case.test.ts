import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const JEST = join(import.meta.dirname, '../../../node_modules/jest/bin/jest.js');

const CLASSES = `
import { ConnectorTestCase } from '@automate/testing';
import { ConnectorAdapter } from '@automate/sdk';
class Adapter extends ConnectorAdapter {
  name = 'mine';
  version = '1.0.0';
  connect() { return true; }
}
class Base extends ConnectorTestCase {
  static adapterClass = Adapter;
}
class Others extends Base {
  testOthers() {}
}
class Tests extends Base {
  async testIt() { if (!((await this.getAdapter()) instanceof Adapter) || !(this instanceof ConnectorTestCase) || this instanceof Others) throw new Error('no'); }
}
`;

/** Runs a file of tests as its author does; answers its exit code and all that it printed. */
async function run(file: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [...args, file], { cwd: join(file, '..'), env: { PATH: process.env['PATH'] } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}

describe('a test case that nobody registers', () => {
  let directory: string;
  beforeAll(async () => {
    // Within the package, so that the files find what they import.
    directory = await mkdtemp(join(import.meta.dirname, '.unregistered-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const RUNNERS = {
    'node:test': { ext: 'node.mjs', args: ['--test'], globals: "import { describe, it } from 'node:test';" },
    Jest: {
      ext: 'spec.mjs',
      args: ['--experimental-vm-modules', JEST, '--rootDir=.', '--testMatch=**/*.spec.mjs', '--transform={}', '--'],
      globals: '',
    },
  } as const;

  it.each(Object.entries(RUNNERS))(
    'fails its file under %s, and one that is registered passes',
    async (_name, { ext, args, globals }) => {
      const [forgotten, registered] = [join(directory, `forgotten.${ext}`), join(directory, `registered.${ext}`)];
      await writeFile(forgotten, `${globals}${CLASSES}it('another test', () => {});\n`);
      await writeFile(registered, `${globals}${CLASSES}Tests.register({ describe, it });\n`);
      const red = await run(forgotten, args);
      expect(red).toMatchObject({
        code: 1,
        output: expect.stringMatching(/a subclass of ConnectorTestCase ran no test/),
      });
      expect(await run(registered, args)).toMatchObject({ code: 0 });
    },
  );
});
