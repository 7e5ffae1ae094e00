import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { AUTOMATE, CliProject, plainEnvironment } from './fixtures/cli-project.ts';
import { collect } from './fixtures/run-command.ts';
import type { ServingHost } from './fixtures/serving-host.ts';

const YAML = `
connectors:
  - { id: echo, settings: { greeting: hi } }
`;

const SAY = ['execute', 'echo', 'say', '--input', '{"text":"x"}'];

/** Waits until a host says that it takes no more calls. */
async function refuses(host: ServingHost): Promise<void> {
  while ((await fetch(`${host.ready.http}/health/ready`)).ok) await delay(20);
}

/** Whether a process is there. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('ending a host', () => {
  it('lets a call in flight finish, refuses new ones, and ends with 0', async () => {
    await using project = await CliProject.open({ yaml: YAML });
    await using host = await project.start();
    const files = ['command', 'rest', 'gate'].map((name) => join(project.root, name));
    const [command, rest, gate] = files as [string, string, string];
    const call = project.automate(['execute', 'echo', 'wait', '--input', JSON.stringify({ began: command, gate })]);
    const echo = `${host.ready.http}/api/v1/connectors/echo/actions/wait`;
    const overRest = fetch(echo, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ began: rest, gate }),
    });
    while (!existsSync(command) || !existsSync(rest)) await delay(20);
    host.kill('SIGTERM');
    await refuses(host);
    await writeFile(gate, '');
    expect(await call).toMatchObject({ status: 0, stdout: expect.stringMatching(/"waited": 60000/) });
    expect(await (await overRest).json()).toMatchObject({ result: { waited: 60_000 } });
    expect(await host.ended()).toMatchObject({ status: 0, signal: null, stderr: '' });
    await expect(fetch(echo, { method: 'POST' })).rejects.toThrow();
    expect(lives(host.child.pid!)).toBe(false);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends at once at a second signal: %s', async (signal) => {
    await using project = await CliProject.open({ yaml: YAML });
    await using host = await project.start();
    const began = join(project.root, 'began');
    const call = project.automate(['execute', 'echo', 'wait', '--input', JSON.stringify({ began })]);
    while (!existsSync(began)) await delay(20);
    host.kill(signal);
    // What a parent passes on of the same wish is no second one.
    host.kill(signal);
    await delay(900);
    expect(lives(host.child.pid!)).toBe(true);
    expect(await host.end(signal)).toMatchObject({ status: 1 });
    expect((await call).status).not.toBe(0);
  });

  it('hears an interrupt that comes while it starts', async () => {
    await using project = await CliProject.open({ yaml: YAML });
    const env = { ...plainEnvironment(), GRPC_PORT: '0', HTTP_PORT: '0', LOG_FORMAT: 'json' };
    const child = spawn(process.execPath, [AUTOMATE, 'start'], {
      cwd: project.root,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    const output = collect(child);
    await delay(250);
    child.kill('SIGINT');
    await closed;
    // Before its first line of JavaScript the signal ends it, afterwards it closes what it opened.
    expect([0, null]).toContain(child.exitCode);
    expect(output().stderr).toBe('');
    await using host = await project.start();
    expect(await host.end('SIGINT')).toMatchObject({ status: 0 });
  });

  it('goes on when the reader of its log leaves, and still ends with 0', async () => {
    await using project = await CliProject.open({ yaml: YAML });
    await using host = await project.start();
    host.child.stdout!.destroy();
    const { http } = host.ready;
    for (let time = 0; time < 20; time += 1) {
      const answer = await fetch(`${http}/api/v1/connectors/echo/actions/leak`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"how":"log"}',
      });
      expect(answer.status).toBe(200);
    }
    expect(await host.end()).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('a host that is told to read its configuration again', () => {
  it('does so at SIGHUP', async () => {
    await using project = await CliProject.open({ yaml: YAML });
    await using host = await project.start();
    expect(await project.json(SAY)).toMatchObject({ result: { greeting: 'hi' } });
    await project.sandbox.writeFile(
      'config/connectors.yaml',
      'connectors:\n  - { id: echo, settings: { greeting: salut } }\n  - { id: new, kind: echo }\n',
    );
    host.kill('SIGHUP');
    await host.waitForRecord(({ msg }) => msg === 'the configuration was read again');
    expect(await project.json(SAY)).toMatchObject({ result: { greeting: 'salut' } });
    const { connectors } = await project.json<{ connectors: { id: string }[] }>(['connectors', 'list']);
    expect(connectors.map(({ id }) => id)).toEqual(['echo', 'new']);
  });

  it('keeps what it has when the file is broken, and says where', async () => {
    await using project = await CliProject.open({ yaml: YAML });
    await using host = await project.start();
    await project.sandbox.writeFile('config/connectors.yaml', 'connectors:\n  - { id: echo, colour: red }\n');
    host.kill('SIGHUP');
    // Seen by the watcher while it is still being written, it is broken in another way.
    const record = await host.waitForRecord(
      ({ level, problems }) => level === 'error' && JSON.stringify(problems).includes('colour'),
    );
    expect(record).toMatchObject({ problems: [expect.objectContaining({ path: 'connectors[0].colour', line: 2 })] });
    expect(await project.json(SAY)).toMatchObject({ result: { greeting: 'hi' } });
  });

  it('does so when it has started, where it is told before', async () => {
    await using project = await CliProject.open({ yaml: YAML });
    const child = spawn(process.execPath, [AUTOMATE, 'start'], {
      cwd: project.root,
      env: { ...plainEnvironment(), GRPC_PORT: '0', HTTP_PORT: '0', LOG_FORMAT: 'json' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = collect(child);
    const closed = once(child, 'close');
    try {
      // Its lock is there long before it serves.
      while (!existsSync(join(project.root, '.automate', 'host.lock'))) await delay(1);
      expect(output().stdout).not.toContain('"ready"');
      child.kill('SIGHUP');
      const isThere = (): boolean => child.exitCode === null && child.signalCode === null;
      while (!output().stdout.includes('the configuration was read again') && isThere()) await delay(20);
      expect(output().stdout).toMatch(/"event":"ready".*the configuration was read again/s);
    } finally {
      child.kill('SIGKILL');
      await closed;
    }
  });
});
