import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PluginSandbox } from '@automate/testing';

const AUTOMATE = join(import.meta.dirname, '../../bin/automate.js');
const SOURCE = `import { readFile } from 'node:fs/promises';
import { action, ConnectorAdapter } from '@automate/sdk';
const any = { '~standard': { version: 1, vendor: 'none', validate: (value) => ({ value }) } };
export default class extends ConnectorAdapter {
  name = 'reader';
  version = '1.0.0';
  actions = {
    look: action({
      description: 'Looks where it always looks.', sideEffects: false, idempotent: true,
      input: { schema: any, jsonSchema: { type: 'object', properties: {}, additionalProperties: false } },
      run: async (_given, { http }) => {
        await http.request({ path: '/' });
        return { hosts: (await readFile('/etc/hosts', 'utf8')).length > 0 };
      },
    }),
  };
  async connect() { return true; }
}
`;

let sandbox: PluginSandbox;
let manifest: string;
beforeAll(async () => {
  sandbox = await PluginSandbox.create();
  const directory = await sandbox.addConnector({
    kind: 'reader',
    source: SOURCE,
    packageJson: {
      type: 'module',
      scripts: { test: 'node --test' },
      engines: { automate: '^1.0.0' },
      automate: { connectors: { reader: './adapter.js' } },
    },
  });
  manifest = join(directory, 'package.json');
});
afterAll(() => sandbox.dispose());

function learn(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const options = { cwd: sandbox.root, env: { PATH: process.env['PATH'], HOME: process.env['HOME'] } };
    execFile(
      process.execPath,
      [AUTOMATE, 'permissions', 'learn', 'connector-reader', ...args],
      options,
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

it('writes nothing where the tests of the package fail, and says what they said', async () => {
  const before = await readFile(manifest, 'utf8');
  const failed = await learn('--write', '--', process.execPath, '-e', 'console.log("it is red"); process.exit(1)');
  expect(failed).toMatchObject({ code: 1, err: expect.stringMatching(/the tests of .* fail[^]*it is red/) });
  expect(await readFile(manifest, 'utf8')).toBe(before);
});

it('tells what is missing and not used, and writes the smallest permissions into package.json', async () => {
  const told = await learn();
  expect(told).toMatchObject({
    code: 0,
    out: expect.stringMatching(/reader +fs\.read +\/etc\/hosts +used and not asked for[^]*--write puts them into/),
  });
  expect(await learn('--no-tests', '--write')).toMatchObject({ code: 0, out: expect.stringMatching(/written to/) });
  const written = await readFile(manifest, 'utf8');
  expect(JSON.parse(written)).toMatchObject({
    version: '1.0.0',
    automate: {
      connectors: {
        reader: { entry: './adapter.js', permissions: { network: ['*'], fs: { read: ['/etc/hosts'] } } },
      },
    },
  });
  await writeFile(manifest, written.replace('"/etc/hosts"', '"/etc/hosts", "/etc/passwd"'));
  const again = JSON.parse((await learn('--no-tests', '--json')).out) as object;
  expect(again).toMatchObject({
    written: false,
    tests: 'none',
    kinds: [
      {
        kind: 'reader',
        permissions: { network: ['*'], fs: { read: ['/etc/hosts'] } },
        judged: expect.arrayContaining([{ permission: 'fs.read', value: '/etc/passwd', state: 'unused' }]),
      },
    ],
  });
});
