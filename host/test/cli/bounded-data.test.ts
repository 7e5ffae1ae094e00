import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { CliProject } from './fixtures/cli-project.ts';

const YAML = `
connectors:
  - { id: inside, kind: echo, settings: { greeting: hi } }
  - { id: outside, kind: echo, settings: { greeting: hi }, isolation: process }
`;

it('a host whose data is bounded says so instead of ending with a thread, and goes on', async () => {
  await using project = await CliProject.open({ yaml: YAML });
  await using host = await project.start();
  const call = async (id: string): Promise<unknown> => {
    const headers = { 'content-type': 'application/json' };
    const url = `${host.ready.http}/api/v1/connectors/${id}/actions/say`;
    return (await fetch(url, { method: 'POST', headers, body: '{"text":"x"}' })).json();
  };
  const used = Number(/^VmData:\s+(\d+)/m.exec(readFileSync(`/proc/${host.child.pid}/status`, 'utf8'))?.[1]) * 1024;
  const bound = used + 150 * 1024 * 1024;
  execFileSync('prlimit', ['--pid', String(host.child.pid), `--data=${bound}`]);
  expect(await call('inside')).toMatchObject({
    code: 'UNAVAILABLE',
    blame: 'operator',
    retryable: true,
    effect: 'none',
    detail: expect.stringContaining('ulimit -d'),
    details: { reason: 'system_limit' },
  });
  // The bound of a child would be wider, and nobody may widen it.
  expect(await call('outside')).toMatchObject({ result: expect.anything() });
  expect(await host.end()).toMatchObject({ status: 0, stderr: '' });
});
