import { expect, it } from '@jest/globals';
import type { JsonObject } from '@automate/contract';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

it('the line of a call says who called, through which door, in which trace, and repeats no more than it has to', async () => {
  await using host = await SandboxHost.open({
    kinds: ['echo'],
    yaml: 'connectors: []\n',
    env: { HEALTH_INTERVAL: '500h' },
  });
  await host.service.register({ id: 'one', kind: 'echo' });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const call = (action: string): Promise<Response> =>
    fetch(`${host.host.httpAddress}/api/v1/connectors/one/actions/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
      body: '{"text":"x"}',
    });
  expect((await call('say')).status).toBe(200);
  await call('x'.repeat(5_000));
  const lines = host.logText
    .split('\n')
    .filter((line) => line.includes('"event":"call"'))
    .map((line) => JSON.parse(line) as JsonObject);
  const caller = { connector: 'one', door: 'rest', principal: 'local', trace_id: traceId };
  expect(lines).toMatchObject([
    { ...caller, action: 'say', code: 'OK' },
    { ...caller, code: 'INVALID_INPUT' },
  ]);
  expect(String(lines[1]?.['action']).length).toBeLessThan(300);
  expect(await host.service.listCalls('one')).toHaveLength(2);
  // Another of its name has made none.
  await host.service.remove('one');
  await host.service.register({ id: 'one', kind: 'echo' });
  expect(await host.service.listCalls('one')).toEqual([]);
});
