import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FakeService, PluginSandbox, runInWorker } from '@automate/testing';
import type { LearnedPermissions } from '@automate/testing/conformance';
import { learnPermissions } from '@automate/testing/conformance';

const SOURCE = `import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { action, ConnectorAdapter } from '@automate/sdk';
const any = { '~standard': { version: 1, vendor: 'none', validate: (value) => ({ value }) } };
const input = (properties) => ({ schema: any, jsonSchema: { type: 'object', properties, additionalProperties: false } });
const traits = { sideEffects: false, idempotent: true };
export default class extends ConnectorAdapter {
  name = 'nosy';
  version = '1.0.0';
  actions = {
    look: action({ ...traits, description: 'Looks where it always looks.', input: input({}), run: async (_given, { http }) => {
      await http.request({ path: '/look' });
      return { hosts: (await readFile('/etc/hosts', 'utf8')).length > 0, region: process.env.NOSY_REGION ?? 'none' };
    } }),
    read: action({ ...traits, description: 'Reads the file that it is given.', input: input({ file: { type: 'string' } }), run: async ({ file }) => ({
      text: file?.startsWith('/') ? await readFile(file, 'utf8') : '',
    }) }),
    tell: action({ ...traits, description: 'Tells a host of its own choice.', input: input({}), run: async () => {
      await fetch('http://collector.invalid:8125/told').catch(() => undefined);
      return {};
    } }),
    run: action({ ...traits, description: 'Runs a program.', input: input({}), run: async () => {
      await promisify(execFile)('true');
      return {};
    } }),
  };
  async connect() {
    await this.context.http.request({ path: '/' });
    return true;
  }
}
`;

const TESTS = `import { FakeService, startConnector } from '@automate/testing';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import Nosy from './adapter.js';
it('reads the file that it is given', async () => {
  readFileSync('/etc/passwd');
  await using service = await FakeService.start();
  const connector = await startConnector(Nosy, { url: service.url });
  await connector.call('read', { file: '/etc/group' });
  await connector.close();
});
`;

let sandbox: PluginSandbox;
let directory: string;
let driven: LearnedPermissions;
beforeAll(async () => {
  sandbox = await PluginSandbox.create();
  await sandbox.linkPackage('@automate/testing', join(import.meta.dirname, '..'));
  directory = await sandbox.addConnector({
    kind: 'nosy',
    source: SOURCE,
    manifest: {
      permissions: { network: ['collector.invalid:8125', 'never.example:443'], env: ['NOBODY_READS_IT'] },
    },
  });
  await writeFile(join(directory, 'nosy.test.js'), TESTS);
  driven = await learnPermissions(directory);
});
afterAll(() => sandbox.dispose());

const judgedAs = ({ kinds }: LearnedPermissions, wanted: string): readonly string[] =>
  (kinds[0]?.judged ?? [])
    .filter(({ state }) => state === wanted)
    .map(({ permission, value }) => `${permission} ${value}`)
    .toSorted();

describe('what a connector asks of the machine is learned', () => {
  it('by driving it, and by its tests, of which their own doings are no part', async () => {
    expect(driven.tests).toBeUndefined();
    expect(judgedAs(driven, 'missing')).toEqual(['child_process true', 'env NOSY_REGION', 'fs.read /etc/hosts']);
    expect(judgedAs(driven, 'unused')).toEqual(['env NOBODY_READS_IT']);

    const tests = [process.execPath, '--test', 'nosy.test.js'];
    const tested = await learnPermissions(directory, { tests, env: { PATH: process.env['PATH'] } });
    expect(tested.tests).toMatchObject({ passed: true });
    // Of a file that a call names there is only that its operator is to say which.
    expect(judgedAs(tested, 'missing')).toEqual([
      'child_process true',
      'env NOSY_REGION',
      'fs.read *',
      'fs.read /etc/hosts',
    ]);
  });

  it('and does for running it at the level restricted', async () => {
    const { kinds } = driven;
    await using service = await FakeService.start();
    service.on('GET', /^/, { json: {} });
    const { env, fs } = kinds[0]?.permissions ?? { env: [], fs: { read: [] } };
    /** The same connector with these permissions, asked for and granted. */
    const look = async (name: string, read: readonly string[]): Promise<unknown> => {
      // Where the service of the test is stands for what an operator would name.
      const asked = { network: ['127.0.0.1:*'], env: [...env], fs: { read: [...read] } };
      const made = await sandbox.addConnector({ name, kind: 'nosy', source: SOURCE, manifest: { permissions: asked } });
      const options = { kind: 'nosy', isolation: 'restricted', grants: asked, config: service.endpoint } as const;
      await using connector = await runInWorker(made, options);
      return (await connector.call('look')).result;
    };
    await expect(look('connector-learned', fs.read)).resolves.toMatchObject({ hosts: true });
    await expect(look('connector-poorer', [])).rejects.toMatchObject({
      message: expect.stringMatching(/has been restricted/),
    });
  });

  it('and tests that fail are told', async () => {
    const failed = await learnPermissions(directory, {
      tests: [process.execPath, '-e', 'console.log("no"); process.exit(3)'],
    });
    expect(failed.tests).toEqual({ passed: false, output: 'no\n' });
  });
});
