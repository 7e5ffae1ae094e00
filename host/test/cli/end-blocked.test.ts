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
  import { execFileSync } from 'node:child_process';
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

async function openProject(): Promise<CliProject> {
  const project = await CliProject.open({ yaml: YAML, kinds: [] });
  await project.sandbox.addConnector({ kind: 'blocking', source: SOURCE });
  execFileSync('mkfifo', [join(project.root, 'pipe')]);
  return project;
}

async function call(host: ServingHost, action: string, input: object = {}): Promise<Record<string, unknown>> {
  const answer = await fetch(`${host.ready.http}/api/v1/connectors/blocking/actions/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  return (await answer.json()) as Record<string, unknown>;
}

/** What lives of the host and of all that it started. The dead that nobody has asked after do not. */
const livingGroup = (host: ServingHost): string[] =>
  readdirSync('/proc').filter((name) => {
    try {
      const [state, , group] = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return state !== 'Z' && Number(group) === host.child.pid;
    } catch {
      return false; // no process, or one that has just ended
    }
  });

const blocks = (host: ServingHost, project: CliProject, action: string) =>
  call(host, action, { path: join(project.root, 'pipe') });

describe('a host with a thread that does not end', () => {
  it.each(['spin', 'native', 'pipe', 'pipe_later', 'program'])('ends with 0 and leaves nothing: %s', async (action) => {
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
  });

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

  it('lets a command end that ran in its own process', async () => {
    await using project = await openProject();
    expect(await project.automate(['execute', 'blocking', 'native', '--input', '{}'])).toMatchObject({
      status: 1,
      signal: null,
      stderr: expect.stringContaining('blocked outside JavaScript'),
    });
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
