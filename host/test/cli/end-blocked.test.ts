import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { findRunningHost } from '../../src/store/data-dir.ts';
import { CliProject } from './fixtures/cli-project.ts';
import type { ServingHost } from './fixtures/serving-host.ts';

/** A connector whose actions do not end, each in a way of its own. */
const SOURCE = `
  import { execFileSync, spawn } from 'node:child_process';
  import { readFile } from 'node:fs';
  import { readFileSync } from 'node:fs';
  import { DatabaseSync } from 'node:sqlite';
  import { ConnectorAdapter } from '@automate/sdk';
  const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
  export default class BlockingAdapter extends ConnectorAdapter {
    name = 'blocking';
    version = '1.0.0';
    connect() { return true; }
    async execute(action, { path }) {
      if (action === 'spin') for (;;);
      if (action === 'start_program') return spawn('/bin/sleep', ['1000'], { stdio: 'ignore' }).pid;
      if (action === 'native') new DatabaseSync(':memory:').prepare(ENDLESS).get();
      if (action === 'pipe') readFileSync(path);
      if (action === 'pipe_later') return new Promise((resolve) => readFile(path, resolve));
      if (action === 'program') execFileSync('/bin/sh', ['-c', 'echo $$ > ' + path + '.pid; sleep 1000; true']);
      return 'fine';
    }
  }`;
const YAML = `
connectors:
  - { id: blocking, limits: { timeout: 500ms }, retry: { attempts: 1 }, health_check: { enabled: false } }
`;

async function openProject(isolation = 'thread'): Promise<CliProject> {
  const project = await CliProject.open({ yaml: `plugins: { isolation: ${isolation} }\n${YAML}`, kinds: [] });
  await project.sandbox.addConnector({ kind: 'blocking', source: SOURCE });
  execFileSync('mkfifo', [join(project.root, 'pipe')]);
  return project;
}

async function call(
  host: ServingHost,
  action: string,
  input: object = {},
  id = 'blocking',
): Promise<Record<string, unknown>> {
  const answer = await fetch(`${host.ready.http}/api/v1/connectors/${id}/actions/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  return (await answer.json()) as Record<string, unknown>;
}

interface Living {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/** The processes of this machine; the dead that nobody has asked after do not live. */
const living = (): readonly Living[] =>
  readdirSync('/proc').flatMap((name) => {
    try {
      const [state, parent, group] = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return state === 'Z' ? [] : [{ pid: Number(name), parent: Number(parent), group: Number(group) }];
    } catch {
      return []; // no process, or one that has just ended
    }
  });

/** What lives of the host and of all that it started. */
const livingGroup = (host: ServingHost): readonly Living[] => living().filter(({ group }) => group === host.child.pid);

/** The processes that the host started for its connectors, with their groups. */
const childrenOf = (host: ServingHost): readonly number[] =>
  living().flatMap(({ pid, parent }) => (parent === host.child.pid ? [pid] : []));

const blocks = (host: ServingHost, project: CliProject, action: string) =>
  call(host, action, { path: join(project.root, 'pipe') });

describe('a host with a process that does not end', () => {
  // Beside each other, as each waits for all the time that a host gives to what does not end.
  it.concurrent.each(['spin', 'pipe', 'program'])('ends with 0 and leaves nothing: %s', async (action) => {
    await using project = await openProject('process');
    await project.sandbox.writeFile(
      'config/connectors.yaml',
      `plugins: { isolation: process }\n${YAML.replace('500ms', '60s')}`,
    );
    await using host = await project.start();
    expect(await call(host, 'fine')).toMatchObject({ result: 'fine' });
    const begun = Date.now();
    const cut = blocks(host, project, action);
    await delay(500);
    const groups = childrenOf(host);
    expect(groups.length).toBeGreaterThan(0);
    expect(await host.end('SIGTERM')).toMatchObject({ status: 0, signal: null });
    expect(Date.now() - begun).toBeLessThan(40_000);
    expect(await cut).toMatchObject({ effect: 'maybe' });
    expect(living().filter(({ group }) => groups.includes(group))).toStrictEqual([]);
  });
});

describe('a host with a thread that does not end', () => {
  it.concurrent.each(['spin', 'native', 'pipe', 'pipe_later', 'program'])(
    'ends with 0 and leaves nothing: %s',
    async (action) => {
      await using project = await openProject();
      await using host = await project.start({ env: { DATA_DIR: join(project.root, 'data') } });
      expect(await call(host, 'fine')).toMatchObject({ result: 'fine' });
      expect(await blocks(host, project, action)).toMatchObject({ code: 'TIMEOUT' });
      expect(await host.end('SIGTERM')).toMatchObject({ status: 0, signal: null });
      expect(existsSync(join(project.root, 'data', 'host.json'))).toBe(false);
      expect(findRunningHost(join(project.root, 'data'))).toBeUndefined();
      expect(livingGroup(host)).toStrictEqual([]);
      await using next = await project.start({ env: { DATA_DIR: join(project.root, 'data') } });
      expect(await next.end()).toMatchObject({ status: 0, stderr: '' });
    },
  );

  it('ends at once at a second signal, while a call is under way', async () => {
    await using project = await openProject();
    await project.sandbox.writeFile('config/connectors.yaml', YAML.replace('500ms', '60s'));
    await using host = await project.start();
    await call(host, 'fine');
    const lost = blocks(host, project, 'program').catch(() => undefined);
    while (!existsSync(join(project.root, 'pipe.pid'))) await delay(20);
    host.kill('SIGTERM');
    // What comes right after the first is an echo of it.
    await delay(1000);
    expect(await host.end('SIGTERM')).toMatchObject({ status: 1, signal: null });
    expect(livingGroup(host)).toStrictEqual([]);
    await lost;
  });

  it('leaves no program that the connector started and did not wait for', async () => {
    await using project = await openProject();
    await using host = await project.start();
    const pid = Number((await call(host, 'start_program'))['result']);
    expect(living().map((each) => each.pid)).toContain(pid);
    expect(await host.end('SIGTERM')).toMatchObject({ status: 0, stderr: '' });
    expect(living().map((each) => each.pid)).not.toContain(pid);
    const ran = await project.automate(['execute', 'blocking', 'start_program', '--input', '{}', '--json']);
    expect(ran).toMatchObject({ status: 0 });
    expect(living().map((each) => each.pid)).not.toContain((JSON.parse(ran.stdout) as { result: number }).result);
  });

  it('lets a command end that ran in its own process', async () => {
    await using project = await openProject();
    expect(await project.automate(['execute', 'blocking', 'native', '--input', '{}'])).toMatchObject({
      status: 1,
      signal: null,
      stderr: expect.stringContaining('blocked outside JavaScript'),
    });
  });

  it('says through every door that it has too many of them, and is well again once they end', async () => {
    await using project = await openProject();
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    const entry = (id: string): string =>
      `  - { id: ${id}, kind: blocking, limits: { timeout: 500ms }, retry: { attempts: 1 }, health_check: { enabled: false } }`;
    await project.sandbox.writeFile('config/connectors.yaml', `connectors:\n${ids.map(entry).join('\n')}\n`);
    await using host = await project.start();
    for (const id of ids) expect(await call(host, 'fine', {}, id)).toMatchObject({ result: 'fine' });
    const blocked = ids.slice(0, 5);
    for (const id of blocked)
      expect(await call(host, 'pipe', { path: join(project.root, 'pipe') }, id)).toMatchObject({ code: 'TIMEOUT' });
    const ready = async (): Promise<Response> => fetch(`${host.ready.http}/health/ready`);
    while ((await ready()).ok) await delay(50);
    expect([(await ready()).status, await (await ready()).json()]).toStrictEqual([
      503,
      expect.objectContaining({
        code: 'UNAVAILABLE',
        blame: 'operator',
        detail: expect.stringMatching(/^5 threads, of "a".*blocked outside JavaScript.*isolation: process/),
      }),
    ]);
    const metrics = await (await fetch(`${host.ready.http}/metrics`)).text();
    expect(metrics).toContain('automate_abandoned_threads 5');
    expect(metrics).toContain('automate_worker_abandoned_threads{connector="a"} 1');
    const known = await project.automate(['connectors', 'health', '--cached', '--json']);
    for (const id of blocked) expect(known.stdout).toMatch(new RegExp(`"id": "${id}",\\s+"status": "unhealthy"`));
    expect(known.stdout).toContain('start the host again');
    expect(await project.automate(['doctor'])).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/failed {3}host: 5 threads/),
    });
    // Its kind has left some behind, so that another start could leave one more.
    expect(await call(host, 'fine', {}, 'a')).toMatchObject({
      details: { reason: 'threads_blocked' },
      retryable: false,
    });
    expect(await call(host, 'fine', {}, 'f')).toMatchObject({ result: 'fine' });
    execFileSync('/bin/sh', ['-c', 'exec 3<>pipe; echo done >&3; sleep 1'], { cwd: project.root });
    while (!(await ready()).ok) execFileSync('/bin/sh', ['-c', 'exec 3<>pipe; sleep 0.2'], { cwd: project.root });
    expect(await host.end()).toMatchObject({ status: 0, stderr: '' });
  });

  it('counts what a kind leaves behind that is only described, and describes it no more', async () => {
    await using project = await openProject();
    const source = SOURCE.replace('connect()', `constructor() { super(); readFileSync('pipe'); }\n connect()`);
    await project.sandbox.addConnector({ kind: 'stuck', source: source.replace("'blocking'", "'stuck'") });
    await using host = await project.start();
    const register = async (id: string): Promise<object> => {
      const body = JSON.stringify({ id, kind: 'stuck' });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${host.ready.http}/api/v1/connectors`, { method: 'POST', headers, body });
      return (await answer.json()) as object;
    };
    const answers = await Promise.all(['p', 'q'].map(register));
    for (const answer of answers)
      expect(answer).toMatchObject({ code: 'TIMEOUT', details: { reason: 'start_timeout' } });
    await host.waitForRecord(({ blocked_in_all: threads }) => threads === 2);
    expect(await register('r')).toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'threads_blocked' } });
    const metrics = await (await fetch(`${host.ready.http}/metrics`)).text();
    expect(metrics).toContain('automate_abandoned_threads 2');
    expect(await host.end()).toMatchObject({ status: 0 });
    expect(livingGroup(host)).toStrictEqual([]);
  });

  it('is not given more of them, and says so', async () => {
    await using project = await openProject();
    await using host = await project.start();
    for (let count = 1; count <= 2; count += 1) {
      while ((await blocks(host, project, 'native'))['code'] !== 'TIMEOUT') await delay(50);
      const isTold = ({ blocked_threads: threads }: Readonly<Record<string, unknown>>) => threads === count;
      await host.waitForRecord(isTold);
    }
    let refused = await call(host, 'fine');
    while ((refused['details'] as { reason?: string } | undefined)?.reason === 'backing_off') {
      await delay(50);
      refused = await call(host, 'fine');
    }
    expect(refused).toMatchObject({
      code: 'UNAVAILABLE',
      retryable: false,
      blame: 'operator',
      details: { reason: 'threads_blocked', threads: 2 },
    });
    const metrics = await (await fetch(`${host.ready.http}/metrics`)).text();
    expect(metrics).toContain('automate_worker_abandoned_threads{connector="blocking"} 2');
    const health = await project.automate(['connectors', 'test', 'blocking']);
    expect(health).toMatchObject({ status: 1, stdout: expect.stringContaining('blocked outside JavaScript') });
    expect(await host.end()).toMatchObject({ status: 0 });
  });
});
