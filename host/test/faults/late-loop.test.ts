import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { CliProject } from '../cli/fixtures/cli-project.ts';

const YAML = 'connectors: [{ id: echo }]\n';

/** Loaded into the host ahead of all else: its event loop stalls again and again, for as long as it is asked to. */
const STALLS = `
let stalling = false;
const stall = () => {
  // Blocked without a processor, which others need.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1600);
  if (stalling) setTimeout(stall, 1);
};
process.on('SIGUSR2', () => {
  stalling = !stalling;
  if (stalling) stall();
});
`;

describe('the event loop of a host', () => {
  it('is told to be late by next to nothing where it is idle', async () => {
    await using project = await CliProject.open({ yaml: YAML });
    await using host = await project.start();
    const lags: number[] = [];
    // A machine that is busy may be late by itself; what is measured is not the interval of measuring, which is 50 ms.
    for (let time = 0; time < 30 && !lags.some((lag) => lag < 0.03); time += 1) {
      const text = await (await fetch(`${host.ready.http}/metrics`)).text();
      const found = /^nodejs_eventloop_lag_mean_seconds (\S+)$/m.exec(text)?.[1];
      if (found !== undefined) lags.push(Number(found));
      await delay(500);
    }
    expect(Math.min(...lags)).toBeLessThan(0.03);
  });

  it('takes readiness away while it is late, and gives it back', async () => {
    await using project = await CliProject.open({ yaml: YAML });
    await project.sandbox.writeFile('stalls.mjs', STALLS);
    await using host = await project.start({ env: { NODE_OPTIONS: `--import ${join(project.root, 'stalls.mjs')}` } });
    const ready = (): Promise<Response> => fetch(`${host.ready.http}/health/ready`);
    expect((await ready()).status).toBe(200);
    host.kill('SIGUSR2');
    let answer = await ready();
    while (answer.status === 200) answer = await ready();
    expect([answer.status, await answer.json()]).toMatchObject([
      503,
      { code: 'UNAVAILABLE', blame: 'operator', details: { reason: 'host_late' } },
    ]);
    // Calls go on.
    const call = await fetch(`${host.ready.http}/api/v1/connectors/echo/actions/say`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"text":"x"}',
    });
    expect(call.status).toBe(200);
    host.kill('SIGUSR2');
    while (!(await ready()).ok) await delay(200);
    await host.waitForRecord(({ event, msg }) => event === 'lag' && /again/.test(String(msg)));
  });
});
