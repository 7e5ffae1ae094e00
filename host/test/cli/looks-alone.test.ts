import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { entry, ENTRY, source } from '../fixtures/counting-host.ts';
import { CliProject } from './fixtures/cli-project.ts';

const FREE = { GRPC_PORT: '0', HTTP_PORT: '0' };

describe('what only looks', () => {
  it.each(['doctor', 'bisect'])('%s leaves nothing behind where temporary files are', async (command) => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: 'connectors:\n  - { id: echo }\n' });
    const TMPDIR = join(project.root, 'temporary');
    await mkdir(TMPDIR);
    expect(await project.automate([command], { env: { ...FREE, TMPDIR } })).toMatchObject({ status: 0 });
    // Node.js keeps what it has compiled there.
    expect((await readdir(TMPDIR)).filter((name) => name !== 'node-compile-cache')).toEqual([]);
    expect(await readdir(project.root)).not.toContain('.automate');
  });
});

describe('automate bisect', () => {
  it('says of trouble that no plugin makes that none does', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: 'connectors:\n  - { id: echo }\n' });
    const env = { ...FREE, TLS_CERT_FILE: 'nowhere.pem', TLS_KEY_FILE: 'nowhere.pem' };
    expect(await project.automate(['bisect'], { env })).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        /it is no plugin: without any of them too the host ended \(exit code \d+\): .*nowhere/,
      ),
    });
  });

  it('names the others that are not well either, of those whose kind is there', async () => {
    await using project = await CliProject.open({
      kinds: ['unreachable', 'echo'],
      yaml: 'connectors:\n  - { id: first, kind: unreachable }\n  - { id: second, kind: unreachable }\n  - { id: ghost, kind: not_there }\n',
    });
    const { status, stdout } = await project.automate(['bisect', '--json']);
    expect([status, JSON.parse(stdout)]).toMatchObject([
      1,
      {
        trouble: expect.stringContaining('"first" is unhealthy'),
        culprits: [{ package: 'connector-unreachable' }],
        also_unhealthy: ['second'],
      },
    ]);
  });
});

it('automate doctor says of a host that runs which connectors are held back', async () => {
  await using project = await CliProject.open({ kinds: [], yaml: ENTRY });
  await project.sandbox.addConnector({ kind: 'counting', source: source() });
  await using _host = await project.start();
  await project.json(['connectors', 'health', 'one']);
  await writeFile(join(project.root, 'config/connectors.yaml'), entry(', unreachable: true'));
  await eventually(async () => (await project.automate(['connectors', 'get', 'one'])).stdout.includes('held'));
  const { checks } = await project
    .automate(['doctor', '--json'])
    .then(({ stdout }) => JSON.parse(stdout) as { readonly checks: readonly { readonly check: string }[] });
  expect(checks.find(({ check }) => check === 'connector one')).toMatchObject({
    state: 'warning',
    message: expect.stringMatching(/^held back: .*nobody there/),
  });
});

it('automate doctor fails a variable that is not set, where no host runs that may have it', async () => {
  await using project = await CliProject.open({
    kinds: ['echo'],
    yaml: 'connectors:\n  - { id: echo, settings: { greeting: "${NOWHERE_SET}" } }\n',
  });
  const { status, stdout } = await project.automate(['doctor', '--json'], { env: FREE });
  expect([status, JSON.parse(stdout)]).toMatchObject([
    1,
    {
      checks: expect.arrayContaining([
        expect.objectContaining({
          check: 'configuration',
          state: 'failed',
          message: expect.stringContaining('NOWHERE_SET'),
        }),
      ]),
    },
  ]);
});
