import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { AUTOMATE, CliProject, plainEnvironment } from './fixtures/cli-project.ts';
import { collect, runCommand } from './fixtures/run-command.ts';

const YAML = `
connectors:
  - { id: echo, settings: { greeting: hi } }
  - { id: ghost, kind: not_installed }
`;

const SAY = ['execute', 'echo', 'say', '--input', '{"text":"x"}'];

/** One that only says that it is old, and the system's own where that is. */
function oldNodes(): readonly (readonly [name: string, node: string, ...args: string[]])[] {
  const disguise = "data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '24.15.0' })";
  const { stdout } = spawnSync('/usr/bin/node', ['--version'], { encoding: 'utf8' });
  const isOld = Number(/^v(\d+)/.exec(stdout ?? '')?.[1] ?? 99) < 24;
  return [
    ['24.15, in name', process.execPath, '--import', disguise],
    ...(isOld ? [["the system's", '/usr/bin/node'] as const] : []),
  ];
}

describe('automate start', () => {
  it('says in one JSON record that it serves, where, and what it found', async () => {
    await using project = await CliProject.open({ yaml: YAML });
    await using host = await project.start();
    expect(host.ready).toMatchObject({
      level: 'info',
      event: 'ready',
      grpc: expect.stringMatching(/^127\.0\.0\.1:[1-9]\d*$/),
      http: expect.stringMatching(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/),
      config: join(project.root, 'config/connectors.yaml'),
      plugins: expect.arrayContaining([
        expect.objectContaining({ package: 'connector-echo', status: 'admitted', kinds: ['echo'] }),
      ]),
      connectors: [
        { id: 'echo', kind: 'echo', enabled: true, status: 'unknown' },
        {
          id: 'ghost',
          kind: 'not_installed',
          enabled: true,
          status: 'unhealthy',
          last_error: expect.stringMatching(/not_installed/),
        },
      ],
      stages: expect.objectContaining({ configuration: expect.any(Number), discovery: expect.any(Number) }),
    });
    expect((await fetch(`${host.ready.http}/health/ready`)).status).toBe(200);
  });

  it('prints a report for people where they read it', async () => {
    await using project = await CliProject.open({ yaml: YAML });
    await project.sandbox.addConnector({ kind: 'future', source: '', engines: '^2.0.0' });
    const env = { ...plainEnvironment(), GRPC_PORT: '0', HTTP_PORT: '0', LOG_FORMAT: 'pretty' };
    const child = spawn(process.execPath, [AUTOMATE, 'start'], {
      cwd: project.root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = collect(child);
    const closed = once(child, 'close');
    while (!output().stdout.includes('ready after') && child.exitCode === null) await delay(20);
    child.kill('SIGTERM');
    await closed;
    expect(child.exitCode).toBe(0);
    const lines = output().stdout.split('\n');
    const report = lines.slice(0, lines.findIndex((line) => line.includes('ready after')) + 1).join('\n');
    expect(report).toMatch(/^automate 1\.\d+\.\d+ in \/.*automate-sandbox-/);
    expect(report).toMatch(/^ {2}plugins +3 admitted, 1 refused$/m);
    expect(report).toMatch(/^ {4}\+ connector-echo 1\.0\.0 +echo$/m);
    expect(report).toMatch(/^ {4}- connector-future 1\.0\.0: .*\^2\.0\.0.*upgrade the host/m);
    expect(report).toMatch(/^ {2}connectors +2 configured, 1 usable$/m);
    expect(report).toMatch(/^ {4}! ghost \(not_installed\) +.*not_installed/m);
    expect(report).toMatch(/^ {2}gRPC +127\.0\.0\.1:\d+$/m);
    expect(report).toMatch(/^ {2}REST +http:\/\/127\.0\.0\.1:\d+\/api\/v1$/m);
    expect(report).toMatch(/^ {2}ready after +\d+ ms \(configuration \d+, discovery \d+, .*listeners \d+\)$/m);
  });

  it('is found by the other commands through its data directory, and by its address from anywhere', async () => {
    await using project = await CliProject.open({ yaml: YAML });
    await using elsewhere = await CliProject.open({ kinds: [] });
    await using host = await project.start();
    const counted = async (run: CliProject, ...args: string[]): Promise<unknown> => {
      const { result } = await run.json<{ result: { count: number } }>(['execute', 'echo', 'count', ...args]);
      return result.count;
    };
    // One worker counts them all, so it was the host that answered each time.
    expect(await counted(project)).toBe(1);
    expect(await counted(elsewhere, '--address', host.ready.grpc)).toBe(2);
    expect(
      await elsewhere.json(['execute', 'echo', 'count'], { env: { CONNECTORS_SERVICE_ADDR: host.ready.grpc } }),
    ).toMatchObject({ result: { count: 3 } });
    expect(await counted(elsewhere, '--data-dir', join(project.root, '.automate'))).toBe(4);
    const answer = await fetch(`${host.ready.http}/api/v1/connectors/echo/actions/count`, { method: 'POST' });
    expect(await answer.json()).toMatchObject({ result: { count: 5 } });
    // And the errors are the same ones.
    expect(await project.automate(['execute', 'nobody', 'say'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^NOT_FOUND: /),
    });
    expect(await project.automate(['execute', 'echo', 'say', '--input', '{'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^INVALID_INPUT: .*line 1/),
    });
  });

  it('is not taken for running once it was killed', async () => {
    await using project = await CliProject.open({ yaml: YAML });
    const host = await project.start();
    expect(await host.end('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    await stat(join(project.root, '.automate/host.json'));
    expect(await project.automate(SAY)).toMatchObject({ status: 0, stdout: expect.stringMatching(/"greeting": "hi"/) });
    await using again = await project.start();
    expect(await project.json(SAY)).toMatchObject({ result: { greeting: 'hi' } });
    expect(again.ready.grpc).toBe(
      (JSON.parse(await readFile(join(project.root, '.automate/host.json'), 'utf8')) as { grpc: string }).grpc,
    );
  });

  it('ends with 69 and a remedy where no service answers at the address', async () => {
    await using project = await CliProject.open({ kinds: [] });
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    for (const args of [['plugins', 'list'], ['connectors', 'list'], SAY]) {
      const { status, stdout, stderr } = await project.automate([...args, '--address', `127.0.0.1:${port}`]);
      expect({ status, stdout }).toEqual({ status: 69, stdout: '' });
      expect(stderr).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}`));
    }
    const json = await project.automate(['plugins', 'list', '--json', '--address', `127.0.0.1:${port}`]);
    expect(JSON.parse(json.stderr)).toMatchObject({
      code: 'UNAVAILABLE',
      detail: expect.stringMatching(/CONNECTORS_SERVICE_ADDR/),
    });
    expect(await project.automate(['plugins', 'list', '--address', 'http://127.0.0.1:1'])).toMatchObject({
      stderr: expect.stringMatching(/the only scheme is "grpcs:\/\/"/),
    });
  });

  it('refuses a data directory that another host uses, and leaves that one alone', async () => {
    await using project = await CliProject.open({ yaml: YAML });
    await using host = await project.start();
    const second = await project.automate(['start'], { env: { GRPC_PORT: '0', HTTP_PORT: '0' } });
    expect(second).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/another host runs on the data directory .*DATA_DIR/),
    });
    expect(await project.json(SAY)).toMatchObject({ result: { greeting: 'hi' } });
    await using third = await project.start({ args: ['--data-dir', 'elsewhere'] });
    expect(third.ready.grpc).not.toBe(host.ready.grpc);
  });

  it.each(['GRPC_PORT', 'HTTP_PORT'])('says who must act when the port of %s is taken', async (variable) => {
    await using project = await CliProject.open({ yaml: YAML });
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const env = { GRPC_PORT: '0', HTTP_PORT: '0', [variable]: String(port) };
      const { status, stderr } = await project.automate(['start'], { env });
      expect(status).toBe(1);
      expect(stderr).toMatch(new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: another program .*${variable}`));
      expect(stderr).not.toMatch(/\n\s+at /);
    } finally {
      server.close();
    }
  });

  it('ends with 78 and names what is wrong with its settings', async () => {
    await using project = await CliProject.open({ yaml: YAML });
    const env = { GRPC_PORT: 'many', LOG_LEVEL: 'loud', ALLOW_PLAINTEXT: 'perhaps', HEALTH_INTERVAL: 'often' };
    const { status, stderr } = await project.automate(['start'], { env });
    expect(status).toBe(78);
    for (const name of Object.keys(env)) expect(stderr).toMatch(new RegExp(`^ *${name}: expected `, 'm'));
  });

  it.each(oldNodes())(
    'prints a sentence and ends with 78 on a Node.js that is too old: %s',
    async (_name, node, ...args) => {
      const old = await runCommand(node, [...args, AUTOMATE, 'start'], { cwd: '/', env: plainEnvironment() });
      const sentence = /^automate needs Node\.js 24\.16 or newer; this is \d+\.\d+\.\d+\. .*\n$/;
      expect(old).toMatchObject({ status: 78, stdout: '', stderr: expect.stringMatching(sentence) });
    },
  );
});
