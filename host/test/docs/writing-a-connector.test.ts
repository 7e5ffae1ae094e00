import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FakeService } from '@automate/testing';
import { createHost } from '../../dist/index.js';
import { codeBlocks, ROOT } from './fixtures/read-docs.ts';
import { SampleProject } from './fixtures/sample-project.ts';

const files = Object.fromEntries(
  codeBlocks('docs/writing-a-connector.md').flatMap(({ words, text }) => {
    const path = words.find((word) => word.startsWith('file='))?.slice('file='.length);
    return path === undefined ? [] : [[path, text] as const];
  }),
);

/** The guide's own settings, applied to its tests and its embedding program as well, and emitting nothing. */
const WHOLE = {
  extends: './tsconfig.json',
  compilerOptions: {
    rootDir: '.',
    noEmit: true,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
  },
  include: ['src', 'test', 'jest', 'embed'],
};

let project: SampleProject;

beforeAll(async () => {
  project = await SampleProject.create({ ...files, 'tsconfig.whole.json': JSON.stringify(WHOLE) });
});

afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
});

describe('the guide to writing a connector', () => {
  it('compiles with the settings that it names', async () => {
    expect(await project.compile()).toMatchObject({ output: '', code: 0 });
    expect(await project.compile('-p', 'tsconfig.test.json')).toMatchObject({ output: '', code: 0 });
    expect(await project.compile('-p', 'tsconfig.whole.json')).toMatchObject({ output: '', code: 0 });
  });

  it('has tests that pass', async () => {
    const { output, code } = await project.node('--test', '--test-reporter=tap', 'test/*.test.ts');
    expect(output).toMatch(/^# fail 0$/m);
    expect(Number(/^# pass (\d+)$/m.exec(output)?.[1])).toBeGreaterThan(20);
    expect(code).toBe(0);
  });

  it('has tests that pass under Jest as it is set up there', async () => {
    const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
    const { output, code } = await project.node('--experimental-vm-modules', jest, '--ci', '--rootDir', project.root);
    expect(output).toMatch(/^Tests: .* [1-9]\d* passed, [1-9]\d* total$/m);
    expect(output).not.toContain('failed');
    expect(code).toBe(0);
  });

  it('has an embedding program that runs', async () => {
    const { stdout, code, output } = await project.node('embed/main.ts');
    expect(`${code} ${output}`).toContain('0 ');
    expect(JSON.parse(stdout)).toEqual({ status: 'sent', text: 'Hello' });
  });

  it('makes a package that a host admits and runs, with the configuration that it shows', async () => {
    const root = await mkdtemp(join(tmpdir(), 'automate-guide-'));
    await using user = await SampleProject.create({
      'package.json': JSON.stringify({
        name: 'user',
        private: true,
        dependencies: { '@acme/connector-my-service': '1.0.0' },
      }),
      'config/connectors.yaml': files['config/connectors.yaml'] ?? '',
    });
    await user.link('@acme/connector-my-service', project.root);
    await using host = await createHost({
      cwd: user.root,
      env: { TICKETS_TOKEN: 'a-token-for-tests' },
      flags: { dataDir: root },
      serve: false,
      logTo: new Writable({ write: (_chunk, _encoding, done) => done() }),
    });
    expect(host.report.plugins.plugins).toMatchObject([
      { package: '@acme/connector-my-service', status: 'admitted', kinds: ['my_service', 'tickets'], warnings: [] },
    ]);
    expect(host.report.connectors.map(({ id, lastError }) => [id, lastError])).toEqual([
      ['my_service', ''],
      ['tickets', ''],
    ]);

    const sent = await host.service.execute({ id: 'my_service', action: 'send_message', payload: { text: 'Hello' } });
    expect(sent.result).toEqual({ status: 'sent', text: 'Hello' });
    await expect(host.service.execute({ id: 'my_service', action: 'unknown' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });

    await using remote = await FakeService.start();
    remote.on('GET', '/me', { json: {} });
    remote.on('GET', '/tickets', { json: { tickets: [{ id: '7', title: 'Disk full', state: 'open' }] } });
    await host.service.register({
      id: 'tickets-here',
      kind: 'tickets',
      ...remote.endpoint,
      settings: { project: 'OPS' },
    });
    const found = await host.service.execute({ id: 'tickets-here', action: 'find_tickets', payload: { text: 'disk' } });
    expect(found.result).toEqual({ tickets: [{ id: '7', title: 'Disk full', state: 'open' }] });
    expect((await host.service.describe('tickets')).actions.map(({ name }) => name)).toEqual([
      'close_ticket',
      'create_ticket',
      'find_tickets',
    ]);
    await rm(root, { recursive: true, force: true });
  });
});
