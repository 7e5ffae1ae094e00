import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { HostEvents } from '../../src/events/host-events.ts';
import { CliProject } from '../cli/fixtures/cli-project.ts';

/** Loaded into the host ahead of all else: a fault of its own, whenever it is wanted. */
const FAULTS = `
process.on('SIGUSR2', () => { throw new Error('a fault of the host, with its-secret-word'); });
process.on('SIGWINCH', () => void Promise.reject(new Error('a fault that nobody waits for')));
`;

async function openFaulty(): Promise<CliProject> {
  const project = await CliProject.open({
    yaml: 'connectors: [{ id: echo, auth: { type: bearer, token: "${TOKEN}" } }]\n',
  });
  await project.sandbox.writeFile('faults.mjs', FAULTS);
  return project;
}

function environment(project: CliProject): Record<string, string> {
  return { NODE_OPTIONS: `--import ${join(project.root, 'faults.mjs')}`, TOKEN: 'its-secret-word' };
}

describe('a fault of the host that nothing caught', () => {
  it.each(['SIGUSR2', 'SIGWINCH'] as const)(
    'ends it as failed, once calls under way have ended: %s',
    async (signal) => {
      await using project = await openFaulty();
      await using host = await project.start({ env: environment(project) });
      const began = join(project.root, 'began');
      const gate = join(project.root, 'gate');
      const call = fetch(`${host.ready.http}/api/v1/connectors/echo/actions/wait`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ began, gate }),
      });
      while (!existsSync(began)) await delay(20);
      host.kill(signal);
      const record = await host.waitForRecord(({ event }) => event === 'fault');
      expect(record).toMatchObject({ level: 'fatal', err: { message: expect.stringContaining('a fault') } });
      await project.sandbox.writeFile('gate', '');
      const answer = await call;
      expect([answer.status, await answer.json()]).toMatchObject([200, { result: { waited: 60_000 } }]);
      const { status, stdout, stderr } = await host.ended();
      expect(status).toBe(1);
      expect(stderr).toMatch(/^fatal: a fault of the host that nobody caught/m);
      expect(stdout + stderr).not.toContain('its-secret-word');
    },
  );

  it('ends it though a call under way does not end, and though there are more of them', async () => {
    await using project = await openFaulty();
    await using host = await project.start({ env: environment(project) });
    const began = join(project.root, 'began');
    const call = fetch(`${host.ready.http}/api/v1/connectors/echo/actions/wait`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ began }),
    }).then(
      ({ ok }) => ok,
      () => false,
    );
    while (!existsSync(began)) await delay(20);
    for (const signal of ['SIGUSR2', 'SIGWINCH', 'SIGUSR2'] as const) {
      host.kill(signal);
      await delay(200);
    }
    expect((await host.ended()).status).toBe(1);
    expect(host.records.filter(({ event }) => event === 'fault').length).toBeGreaterThanOrEqual(3);
    expect(await call).toBe(false);
  });
});

describe('SIGUSR1', () => {
  it('opens no debugger, and the host goes on', async () => {
    await using project = await CliProject.open({ yaml: 'connectors: [{ id: echo }]\n' });
    await using host = await project.start();
    host.kill('SIGUSR1');
    await delay(500);
    expect((await fetch(`${host.ready.http}/health/ready`)).status).toBe(200);
    const { stderr } = await host.end();
    expect(stderr).not.toContain('Debugger listening');
  });
});

describe('a listener that fails', () => {
  it('keeps neither the others nor the teller from going on, and is told of', () => {
    const faults: string[] = [];
    const events = new HostEvents((fault, event) => {
      faults.push(`${event}: ${(fault as Error).message}`);
      throw new Error('nor can this be told');
    });
    const heard: string[] = [];
    events.on('status', () => {
      throw new Error('it cannot');
    });
    events.on('status', (id) => void heard.push(id));
    events.emit('status', 'one');
    expect([faults, heard]).toEqual([['status: it cannot'], ['one']]);
  });
});
