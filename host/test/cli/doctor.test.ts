// Long, as each of the things that it looks at has a test of its own.
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CliProject } from './fixtures/cli-project.ts';

interface Check {
  readonly check: string;
  readonly state: string;
  readonly message: string;
  readonly remedy?: string;
}

const GOOD = 'connectors:\n  - { id: echo }\n';
const FREE = { GRPC_PORT: '0', HTTP_PORT: '0' };

async function listen(): Promise<{ server: Server; port: number; [Symbol.asyncDispose](): Promise<void> }> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { server, port, [Symbol.asyncDispose]: async () => void server.close() };
}

async function examine(
  project: CliProject,
  options: { args?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Promise<{ status: number | null; checks: readonly Check[] }> {
  const { status, stdout } = await project.automate(['doctor', '--json', ...(options.args ?? [])], {
    env: { ...FREE, ...options.env },
  });
  return { status, ...(JSON.parse(stdout) as { checks: readonly Check[] }) };
}

/** The one check of that name; it must have failed, and say what to do. */
async function failure(
  project: CliProject,
  check: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { status, checks } = await examine(project, { env });
  const found = checks.find((finding) => finding.check === check && finding.state === 'failed');
  expect({ status, found }).toEqual({
    status: 1,
    found: expect.objectContaining({ remedy: expect.stringMatching(/\w/) }),
  });
  return found?.message ?? '';
}

describe('automate doctor', () => {
  it('finds nothing wrong where all is well, and changes nothing', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: GOOD });
    const before = await readdir(project.root);
    const { status, checks } = await examine(project);
    expect(checks.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(status).toBe(0);
    expect(checks.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        'Node.js',
        'npm',
        'configuration',
        'data directory',
        'GRPC_PORT',
        'HTTP_PORT',
        'plugin connector-echo',
        'connector echo',
      ]),
    );
    expect(await readdir(project.root)).toEqual(before);
  });

  it('tells people one line each, and how many failed', async () => {
    await using project = await CliProject.open({
      kinds: ['echo'],
      yaml: `${GOOD}  - { id: ghost, kind: not_installed }\n`,
    });
    const { status, stdout, stderr } = await project.automate(['doctor'], { env: FREE });
    expect(status).toBe(1);
    expect(stdout).toMatch(/^ok {7}Node\.js: \d+/m);
    expect(stdout).toMatch(/^failed {3}connector ghost: .*not_installed.*; .+/m);
    expect(stderr).toMatch(/^1 of \d+ checks failed$/m);
  });

  it('misses the package manager that the project uses, and asks for no other', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: GOOD });
    const managers = async (PATH: string) => {
      const { status, checks } = await examine(project, { env: { PATH } });
      expect(status).toBe(0);
      return checks.filter(({ check }) => ['npm', 'pnpm', 'yarn'].includes(check));
    };
    const missing = (check: string) => [
      expect.objectContaining({ check, state: 'warning', message: 'not found, and this project uses it' }),
    ];
    expect(await managers('/nowhere')).toEqual(missing('npm'));
    await writeFile(join(project.root, 'pnpm-lock.yaml'), '');
    expect(await managers('/nowhere')).toEqual(missing('pnpm'));
    await writeFile(join(project.root, 'pnpm'), '#!/bin/sh\necho 12.21.0\n', { mode: 0o755 });
    expect(await managers(`${project.root}:/bin`)).toEqual([{ check: 'pnpm', state: 'ok', message: '12.21.0' }]);
  });

  it('recommends a configuration where there is none', async () => {
    await using project = await CliProject.open({ kinds: ['echo'] });
    const { checks } = await examine(project);
    expect(checks).toContainEqual(
      expect.objectContaining({
        check: 'configuration',
        state: 'warning',
        remedy: expect.stringMatching(/automate init/),
      }),
    );
  });

  it('fails a broken configuration', async () => {
    await using project = await CliProject.open({
      kinds: ['echo'],
      yaml: 'connectors:\n  - { id: echo, colour: red }\n',
    });
    expect(await failure(project, 'configuration')).toMatch(/connectors\.yaml:2:\d+: connectors\[0\]\.colour/);
  });

  it("lists the directories that were granted, and fails those that are not there or are the host's own", async () => {
    await using project = await CliProject.open({
      kinds: ['echo'],
      yaml: `files: { roots: [../granted, ../nowhere, ../.automate/deep, ../config/connectors.yaml, /proc/self] }\n${GOOD}`,
    });
    await mkdir(join(project.root, 'granted'));
    const { status, checks } = await examine(project);
    expect(status).toBe(1);
    expect(
      checks.filter(({ check }) => check === 'files.roots').map(({ state, message }) => `${state} ${message}`),
    ).toEqual([
      expect.stringMatching(/^ok .*granted/),
      expect.stringMatching(/^failed .*nowhere does not exist$/),
      expect.stringMatching(/^failed .*deep /),
      expect.stringMatching(/^failed .*connectors\.yaml lies among/),
      expect.stringMatching(/^failed .*self lies among/),
    ]);
  });

  it.each([
    ['allow: [10.0.0.0/8]', 'ok', 'allowed: "10.0.0.0/8"'],
    ['deny: [private]', 'ok', 'own ports, "private"'],
    ['registered: { allow: ["db.internal:5432"] }', 'ok', 'but for "db.internal:5432"'],
    ['allow: ["169.254.0.0/16"]', 'warning', '"169.254.0.0/16" opens the metadata service'],
    ['allow: [metadata]', 'warning', '"metadata" opens the metadata service'],
  ])(
    'says where connectors may not connect to, and warns of what opens the metadata service: %s',
    async (network, state, said) => {
      await using project = await CliProject.open({ kinds: ['echo'], yaml: `network: { ${network} }\n${GOOD}` });
      const { checks } = await examine(project);
      expect(checks.filter(({ check }) => check === 'network')).toEqual([
        expect.objectContaining({ state, message: expect.stringContaining(said) }),
      ]);
    },
  );

  it('warns of a grant that nobody asks for', async () => {
    await using project = await CliProject.open({
      kinds: ['echo'],
      yaml: `plugins: { grants: { connector-ecko: { env: [REGION] } } }\n${GOOD}`,
    });
    const { checks } = await examine(project);
    expect(checks.filter(({ check }) => check === 'plugins.grants')).toEqual([
      {
        check: 'plugins.grants',
        state: 'warning',
        message: 'grants: { "connector-ecko": { env: ["REGION"] } } grants what no kind asks for that was found',
        remedy: expect.stringMatching(/correct it/),
      },
    ]);
  });

  it('fails settings that cannot be read', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: GOOD });
    expect(await failure(project, 'settings', { GRPC_PORT: 'many' })).toMatch(/GRPC_PORT/);
  });

  it('fails a data directory that is none, and warns of one that others can read', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: GOOD });
    await writeFile(join(project.root, 'file'), '');
    expect(await failure(project, 'data directory', { DATA_DIR: 'file' })).toMatch(/not a directory/);
    await mkdir(join(project.root, 'open'));
    await chmod(join(project.root, 'open'), 0o755);
    const { checks } = await examine(project, { env: { DATA_DIR: 'open' } });
    expect(checks).toContainEqual(
      expect.objectContaining({
        check: 'data directory',
        state: 'warning',
        remedy: expect.stringMatching(/chmod 700/),
      }),
    );
  });

  it('fails ports that are taken, or the same', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: GOOD });
    await using taken = await listen();
    const port = String(taken.port);
    expect(await failure(project, 'GRPC_PORT', { GRPC_PORT: port })).toMatch(/another program listens there/);
    expect(await failure(project, 'HTTP_PORT', { HTTP_PORT: port })).toMatch(/another program listens there/);
    expect(await failure(project, 'ports', { GRPC_PORT: port, HTTP_PORT: port })).toContain(port);
  });

  it('fails a plugin that cannot be used, by name and reason', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: GOOD });
    await project.sandbox.addConnector({ kind: 'future', source: '', engines: '^2.0.0' });
    await project.sandbox.addPackage({
      name: 'broken',
      packageJson: { automate: { connectors: { broken: './nowhere.js' } } },
    });
    expect(await failure(project, 'plugin connector-future')).toMatch(/\^2\.0\.0/);
    expect(await failure(project, 'plugin broken')).toMatch(/\w/);
  });

  it('fails a kind that nobody provides', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: 'connectors:\n  - { id: ghost }\n' });
    expect(await failure(project, 'connector ghost')).toMatch(/ghost/);
  });

  it('fails secrets that do not resolve, without showing those that do', async () => {
    const yaml = `
connectors:
  - { id: first, kind: echo, auth: { type: bearer, token: secretref://env/default/MISSING_TOKEN } }
  - { id: second, kind: echo, profile: prod }
profiles:
  prod: { kind: echo, secrets: { token: secretref://env/default/PRESENT_TOKEN } }
`;
    await using project = await CliProject.open({ kinds: ['echo'], yaml });
    const env = { PRESENT_TOKEN: 'canary-secret' };
    expect(await failure(project, 'connector first', env)).toMatch(
      /connectors\.yaml:3:\d+: .*auth\.token: .*MISSING_TOKEN/,
    );
    const { checks } = await examine(project, { env });
    expect(checks.filter(({ message }) => message.includes('MISSING_TOKEN'))).toHaveLength(1);
    expect(checks).toContainEqual({ check: 'secrets of second', state: 'ok', message: 'profile prod resolves' });
    expect(JSON.stringify(checks)).not.toContain('canary-secret');
  });

  it('tells all that is wrong with a connector, each at its place, and what is wrong with a profile once', async () => {
    const yaml = `
profiles:
  prod: { kind: echo, secrets: { token: secretref://env/default/MISSING_KEY } }
connectors:
  - { id: first, kind: echo, profile: prod }
  - { id: second, kind: echo, profile: prod }
  - { id: third, kind: echo, settings: { colour: red, token: secretref://env/default/MISSING_TOKEN } }
`;
    await using project = await CliProject.open({ kinds: ['echo'], yaml });
    const { checks, status } = await examine(project);
    expect(status).toBe(1);
    const failed = checks.filter(({ state }) => state === 'failed').map(({ check, message }) => `${check}: ${message}`);
    expect(failed).toEqual([
      expect.stringMatching(/^profile prod: .*:3:\d+: .*MISSING_KEY/),
      'connector first: does not run, for its profile "prod"',
      'connector second: does not run, for its profile "prod"',
      expect.stringMatching(/^connector third: .*:7:\d+: .*settings\.colour/),
      expect.stringMatching(/^connector third: .*:7:\d+: .*MISSING_TOKEN/),
    ]);
  });

  it('fails endpoints that take no connection, and passes those that do', async () => {
    await using there = await listen();
    await using gone = await listen();
    const yaml = `
connectors:
  - { id: there, kind: echo, host: 127.0.0.1, port: ${there.port} }
  - { id: gone, kind: echo, host: 127.0.0.1, port: ${gone.port} }
`;
    gone.server.close();
    await using project = await CliProject.open({ kinds: ['echo'], yaml });
    expect(await failure(project, 'connector gone')).toMatch(/ECONNREFUSED/);
    expect((await examine(project)).checks).toContainEqual(
      expect.objectContaining({ check: 'connector there', state: 'ok' }),
    );
  });

  it('asks the host that runs, what was registered there included', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: GOOD });
    await using host = await project.start();
    await project.json(['connectors', 'register', '--input', '{ id: mine, kind: echo }']);
    const { status, checks } = await examine(project);
    expect(checks).toContainEqual({ check: 'ports', state: 'ok', message: expect.stringContaining(host.ready.grpc) });
    expect(checks.map(({ check }) => check)).toEqual(expect.arrayContaining(['connector echo', 'connector mine']));
    expect(status).toBe(0);
  });

  it('names the kind that is missing before the endpoint that takes no connection', async () => {
    await using gone = await listen();
    gone.server.close();
    const yaml = `connectors:\n  - { id: mine, kind: not_there, host: 127.0.0.1, port: ${gone.port} }\n`;
    await using project = await CliProject.open({ kinds: ['echo'], yaml });
    expect(await failure(project, 'connector mine')).toMatch(/no package .* declares the kind "not_there"/);
  });

  it('has the kind look at the settings, though no host runs', async () => {
    await using gone = await listen();
    gone.server.close();
    const yaml = `connectors:\n  - { id: mine, kind: echo, host: 127.0.0.1, port: ${gone.port}, settings: { colour: red } }\n`;
    await using project = await CliProject.open({ kinds: ['echo'], yaml });
    expect(await failure(project, 'connector mine')).toMatch(/colour/);
  });

  it('tells a kind that does not load from a remote system that is away', async () => {
    await using project = await CliProject.open({
      kinds: ['unreachable'],
      yaml: 'connectors:\n  - { id: wild, kind: wild }\n  - { id: away, kind: unreachable }\n',
    });
    await project.sandbox.addConnector({ kind: 'wild', source: 'import "nothing-like-this"; export default class {}' });
    const { checks } = await examine(project);
    const of = (id: string): string | undefined => checks.find(({ check }) => check === `connector ${id}`)?.remedy;
    expect(of('wild')).toMatch(/author/);
    expect(of('away')).toMatch(/automate connectors test away/);
  });

  it('asks the host that runs for its secrets and variables, which another shell has not', async () => {
    const yaml = `
connectors:
  - { id: first, kind: echo, auth: { type: bearer, token: secretref://env/default/THEIR_TOKEN } }
  - { id: second, kind: echo, profile: prod, settings: { greeting: "\${THEIR_GREETING}" } }
  - { id: third, kind: echo, auth: { type: bearer, token: secretref://env/default/NOBODYS_TOKEN } }
profiles:
  prod: { kind: echo, secrets: { token: secretref://env/default/THEIR_TOKEN } }
`;
    await using project = await CliProject.open({ kinds: ['echo'], yaml });
    await using _host = await project.start({ env: { THEIR_TOKEN: 'canary-of-theirs', THEIR_GREETING: 'hi' } });
    const { status, checks } = await examine(project);
    expect(checks.filter(({ state }) => state === 'failed')).toEqual([
      expect.objectContaining({ check: 'connector third', message: expect.stringContaining('NOBODYS_TOKEN') }),
    ]);
    expect(checks).toContainEqual(
      expect.objectContaining({
        check: 'configuration',
        state: 'warning',
        message: expect.stringMatching(/THEIR_GREETING/),
      }),
    );
    expect(status).toBe(1);
  });

  it('examines a service elsewhere by its address, and fails one that does not answer', async () => {
    await using project = await CliProject.open({
      yaml: 'connectors:\n  - { id: echo }\n  - { id: refused, kind: unreachable }\n',
    });
    await using host = await project.start();
    const remote = async (address: string): Promise<readonly Check[]> => {
      await using elsewhere = await CliProject.open({ kinds: [] });
      const { status, checks } = await examine(elsewhere, { args: ['--address', address] });
      expect(status).toBe(1);
      return checks;
    };
    const checks = await remote(host.ready.grpc);
    expect(checks).toContainEqual({ check: 'service', state: 'ok', message: `${host.ready.grpc} answers` });
    expect(checks).toContainEqual(expect.objectContaining({ check: 'connector echo', state: 'ok' }));
    expect(checks).toContainEqual(
      expect.objectContaining({
        check: 'connector refused',
        state: 'failed',
        message: expect.stringMatching(/ECONNREFUSED/),
      }),
    );
    await host.end();
    expect(await remote(host.ready.grpc)).toContainEqual(
      expect.objectContaining({ check: 'service', state: 'failed' }),
    );
  });

  it('says that this Node.js is new enough', async () => {
    await using project = await CliProject.open({ kinds: [] });
    const { checks } = await examine(project);
    expect(checks).toContainEqual({ check: 'Node.js', state: 'ok', message: process.versions.node });
  });
});
