import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { HOP } from './fixtures/hop-connector.ts';
import { openLineProxy } from './fixtures/line-proxy.ts';
import { ask, knows, openSharingHosts } from './fixtures/sharing-hosts.ts';

const RESULT_BYTES = 3_000_000;

describeWithPostgres('a call to another host, over a network between both', (databases) => {
  let scene: Awaited<ReturnType<typeof openSharingHosts>>;
  let proxy: Awaited<ReturnType<typeof openLineProxy>>;
  let service: Awaited<ReturnType<Awaited<ReturnType<typeof openSharingHosts>>['start']>>['service'];

  beforeAll(async () => {
    proxy = await openLineProxy();
    scene = await openSharingHosts(databases);
    await scene.project.sandbox.addConnector({ kind: 'hop', source: HOP });
    const holder = await scene.start('a', { ADVERTISE_ADDRESS: proxy.address });
    proxy.reach(holder.host.ready.grpc);
    ({ service } = await scene.start('b'));
    await holder.service.register({ ...scene.config('hop'), kind: 'hop' });
    await knows(service, 'hop');
    await holder.service.execute({ id: 'hop', action: 'echo', payload: {} });
    await ask(service, 'hop', 'ask', 'first');
  }, 120_000);
  afterAll(async () => {
    await scene?.[Symbol.asyncDispose]();
    await proxy?.[Symbol.asyncDispose]();
  });

  const large = () =>
    service.execute({ id: 'hop', action: 'large', payload: { bytes: RESULT_BYTES } }, { timeoutMs: 60_000 });

  it('is answered when it takes longer, after nobody had called for a while', async () => {
    // Longer than a host may be silent that is asked something.
    await delay(7_500);
    const answer = service.execute({ id: 'hop', action: 'change', payload: { what: 'hold' } });
    await eventually(() => scene.remote.asked('hold').times === 1);
    // So that it is looked at once at least.
    await delay(1_500);
    scene.remote.letGo();
    expect(await answer).toMatchObject({ result: { asked: 'hold' }, attempts: 1 });
    expect(scene.remote.left).toEqual([]);
  });

  it('is answered when its result takes longer on the way than a host may be silent', async () => {
    proxy.weather.bytesPerSecond = 380_000;
    try {
      expect((await large()).result).toHaveLength(RESULT_BYTES);
      // The line is the one that it went over before.
      expect(proxy.connections).toBe(1);
    } finally {
      proxy.weather.bytesPerSecond = 0;
    }
  });

  it('is not made with another payload than its caller gave, nor for ever with one that ends the line', async () => {
    let changed = 0;
    proxy.weather.change = (chunk) => {
      const at = chunk.indexOf('"harmless"');
      if (at < 0) return chunk;
      changed += 1;
      return Buffer.concat([chunk.subarray(0, at), Buffer.from('"dropdead"'), chunk.subarray(at + 10)]);
    };
    const call = (action: string) => service.execute({ id: 'hop', action, payload: { what: 'harmless' } });
    const lost = { code: 'WORKER_LOST', effect: 'maybe', blame: 'operator', details: { reason: 'host_lost' } };
    try {
      await expect(call('change')).rejects.toMatchObject({ ...lost, attempts: 1 });
      expect(changed).toBe(1);
      // Of what may be done twice nobody knows that it does not end whatever holds its connector.
      await expect(call('ask')).rejects.toMatchObject({ ...lost, attempts: 3 });
      expect(changed).toBe(4);
    } finally {
      proxy.weather.change = (chunk) => chunk;
    }
    expect(scene.remote.seen.filter(({ what }) => what === 'dropdead')).toEqual([]);
    expect((await call('ask')).result).toEqual({ asked: 'harmless' });
  });
});
