import { describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

describe('a connector whose worker is quarantined', () => {
  it('fails no more often for the calls that it refuses, and is there at once for whoever tests it', async () => {
    await using it = await SandboxHost.open({
      kinds: ['echo'],
      serve: false,
      yaml: 'connectors:\n  - { id: echo, retry: { attempts: 1 }, health_check: { enabled: false } }\n',
    });
    const { service } = it;
    const call = (action: string, text = 'x') => service.execute({ id: 'echo', action, payload: { text } });
    const known = async () => (await service.healthCheckAll({ cached: true }))['echo'];
    // Each another call: one that ends its worker again and again is refused.
    for (let [refused, n] = [false, 0]; !refused; n += 1)
      await call('die', `${n}`).catch(({ details }) => {
        refused = details?.reason === 'quarantined';
      });
    const before = await known();
    expect(before).toMatchObject({ status: 'unhealthy', blame: 'plugin', consecutiveFailures: 0 });
    for (let times = 0; times < 3; times += 1)
      await expect(call('say')).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'quarantined' } });
    expect(await known()).toEqual(before);
    await expect(service.test('echo')).resolves.toMatchObject({ success: true });
    await expect(call('say')).resolves.toMatchObject({ result: { text: 'x' } });
    expect(await known()).toMatchObject({ status: 'healthy', consecutiveFailures: 0 });
  });
});
