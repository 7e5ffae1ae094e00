import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import { findPython } from '@automate/tooling/require-service';
import { CliProject, plainEnvironment } from './cli/fixtures/cli-project.ts';
import { runCommand } from './cli/fixtures/run-command.ts';
import type { ServingHost } from './cli/fixtures/serving-host.ts';
import { SandboxHost } from './fixtures/sandbox-host.ts';

const YAML = 'connectors:\n  - id: echo\n';
const SAY = { id: 'echo', action: 'say', payload: { text: 'hi' } };
const NOBODY = 65_534;

/** The data directory of a host in a sandbox, and its socket. */
const dataOf = (root: string): string => join(root, '.automate');
const socketOf = (root: string): string => join(dataOf(root), 'host.sock');

/** Another user may try the socket only where this one may become that user. */
const asRoot = statSync('/proc/self', { throwIfNoEntry: false })?.uid === 0 ? it : it.skip;

describe('the socket of a running host', () => {
  let project: CliProject;
  let host: ServingHost;
  const env = { LOG_FORMAT: 'json' };
  beforeAll(async () => {
    project = await CliProject.open({ yaml: YAML });
    host = await project.start({ env });
  });
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]();
    await project?.[Symbol.asyncDispose]();
  });

  it('lies in the data directory, for its user alone, and is told', () => {
    const path = socketOf(project.root);
    expect(host.ready.socket).toBe(path);
    expect(lstatSync(path).isSocket()).toBe(true);
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    // Nothing is left of how it was made.
    expect(readdirSync(dataOf(project.root)).filter((name) => name.startsWith('h-'))).toEqual([]);
  });

  it('is called where CONNECTORS_SERVICE_ADDR names it, by the client and the command line', async () => {
    const address = `unix:${socketOf(project.root)}`;
    await using service = await connect({ env: { CONNECTORS_SERVICE_ADDR: address } });
    expect(await service.execute(SAY)).toMatchObject({ result: { text: 'hi' } });
    const args = ['execute', 'echo', 'say', '--input', '{"text":"x"}'];
    const elsewhere = { cwd: tmpdir(), env: { CONNECTORS_SERVICE_ADDR: address } };
    expect(await project.json(args, elsewhere)).toMatchObject({ result: { text: 'x' } });
  });

  it('is what the client and the command line call by default', async () => {
    // An address of gRPC's that nobody answers at: who tried it would fail.
    const record = join(dataOf(project.root), 'host.json');
    const written = readFileSync(record, 'utf8');
    writeFileSync(record, JSON.stringify({ ...(JSON.parse(written) as object), grpc: '127.0.0.1:1' }));
    try {
      await using service = await connect({ cwd: project.root, env: {} });
      expect(await service.register({ id: 'mine', kind: 'echo' })).toMatchObject({ id: 'mine' });
      expect(await project.json(['connectors', 'list'])).toMatchObject({
        connectors: [{ id: 'echo' }, { id: 'mine' }],
      });
      const local = await connect({ cwd: project.root, env: {}, local: true });
      await expect(local.remove('mine')).rejects.toMatchObject({
        details: { reason: 'served_elsewhere', address: `unix:${socketOf(project.root)}` },
      });
      await local.close();
    } finally {
      writeFileSync(record, written);
    }
  });

  asRoot('refuses other users, even in a directory that they may enter', async () => {
    const python = findPython([]) ?? '/usr/bin/python3';
    const path = socketOf(project.root);
    const program = `
import socket, sys
s = socket.socket(socket.AF_UNIX)
try:
    s.connect(sys.argv[1])
    print("connected")
except OSError as error:
    print(error.strerror)
`;
    const tryAs = async (...as: string[]): Promise<string> => {
      const args = [...as, python, '-c', program, path];
      const { stdout } = await runCommand('setpriv', args, { cwd: '/', env: plainEnvironment() });
      return stdout.trim();
    };
    const opened = [dataOf(project.root), project.root].map((folder) => [folder, statSync(folder).mode] as const);
    for (const [folder] of opened) chmodSync(folder, 0o755);
    try {
      expect(await tryAs()).toBe('connected');
      expect(await tryAs(`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups')).toBe('Permission denied');
    } finally {
      for (const [folder, mode] of opened) chmodSync(folder, mode);
    }
  });

  it('that a killed host left behind is taken over, and is gone once its host has ended', async () => {
    await host.end('SIGKILL');
    expect(lstatSync(socketOf(project.root)).isSocket()).toBe(true);
    host = await project.start({ env });
    expect(await project.json(['execute', 'echo', 'say', '--input', '{"text":"y"}'])).toMatchObject({
      result: { text: 'y' },
    });
    await host.end();
    expect(existsSync(socketOf(project.root))).toBe(false);
    host = await project.start({ env });
  });

  it('that something has removed is not missed: there is gRPC', async () => {
    rmSync(socketOf(project.root));
    expect(await project.json(['connectors', 'get', 'echo'])).toMatchObject({ id: 'echo' });
  });
});

describe('what stands where the socket goes', () => {
  it.each([
    ['a symbolic link', (path: string) => symlinkSync('/etc/passwd', path)],
    ['a directory', (path: string) => mkdirSync(path)],
    ['a file', (path: string) => writeFileSync(path, 'mine')],
  ])('%s is left there, and the host does not start', async (received, put) => {
    await using project = await CliProject.open({ yaml: YAML });
    mkdirSync(dataOf(project.root));
    put(socketOf(project.root));
    const { status, stdout, stderr } = await project.automate(['start', '--grpc-port', '0', '--http-port', '0']);
    expect([status, stderr]).toEqual([
      78,
      expect.stringContaining(`host.sock is ${received}, which no host puts there; remove it`),
    ]);
    expect(stdout).not.toContain('the host serves');
    expect(lstatSync(socketOf(project.root)).isSocket()).toBe(false);
  });

  it('a socket that another program listens on is left to it', async () => {
    await using project = await CliProject.open({ yaml: YAML });
    mkdirSync(dataOf(project.root));
    await using other = createServer().listen(socketOf(project.root));
    await once(other, 'listening');
    const { status, stderr } = await project.automate(['start', '--grpc-port', '0', '--http-port', '0']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('another program listens on')]);
    expect(lstatSync(socketOf(project.root)).isSocket()).toBe(true);
  });

  it('what took its place meanwhile outlives the host', async () => {
    await using it_ = await SandboxHost.open({ yaml: YAML });
    const path = socketOf(it_.sandbox.root);
    rmSync(path);
    writeFileSync(path, 'mine');
    await it_.host.close();
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });
});

describe('a data directory whose path is too long for a socket', () => {
  const deep = join('d'.repeat(60), 'e'.repeat(60));

  it('has it in XDG_RUNTIME_DIR, where hosts of other directories do not meet it', async () => {
    const runtime = mkdtempSync(join(tmpdir(), 'run-'));
    const env = { XDG_RUNTIME_DIR: runtime };
    await using one = await SandboxHost.open({ yaml: YAML, env, flags: { dataDir: join(deep, 'one') } });
    await using two = await SandboxHost.open({ yaml: YAML, env, flags: { dataDir: join(deep, 'two') } });
    const paths = [one, two].map(({ host }) => host.socketPath ?? '');
    expect(paths).toEqual(paths.map(() => expect.stringMatching(/run-\w+\/automate-[0-9a-f]{16}\.sock$/)));
    expect(new Set(paths).size).toBe(2);
    expect(lstatSync(paths[0] ?? '').mode & 0o777).toBe(0o600);
    await using service = await connect({ cwd: one.sandbox.root, env: { DATA_DIR: join(deep, 'one') } });
    expect(await service.execute(SAY)).toMatchObject({ result: { text: 'hi' } });
    await one.host.close();
    await two.host.close();
    expect(readdirSync(runtime)).toEqual([]);
    rmSync(runtime, { recursive: true });
  });

  it.each([
    ['without XDG_RUNTIME_DIR', undefined, 'XDG_RUNTIME_DIR is not set'],
    ['where others can enter that', 0o755, 'is no directory of this user'],
  ])('has none %s, and says so', async (_case, mode, why) => {
    const runtime = mkdtempSync(join(tmpdir(), 'run-'));
    if (mode !== undefined) chmodSync(runtime, mode);
    const env: Record<string, string> = mode === undefined ? {} : { XDG_RUNTIME_DIR: runtime };
    await using it_ = await SandboxHost.open({ yaml: YAML, env, flags: { dataDir: deep } });
    expect(it_.host.socketPath).toBeUndefined();
    expect(it_.host.report.warnings).toEqual([expect.stringContaining(why)]);
    await using service = await connect({ cwd: it_.sandbox.root, env: { DATA_DIR: deep } });
    expect(await service.execute(SAY)).toMatchObject({ result: { text: 'hi' } });
    rmSync(runtime, { recursive: true });
  });
});
