import { describe, expect, it } from '@jest/globals';
import { FakeService } from '@automate/testing';
import { SandboxHost } from './fixtures/sandbox-host.ts';

const PASSWORD = 'proxy-canary-0815';
const health = 'health_check: { enabled: false }';

describe('a proxy', () => {
  it("of the host's environment or of the connector is used, logged once, and its password shown nowhere", async () => {
    await using environments = await FakeService.start();
    await using own = await FakeService.start();
    await using direct = await FakeService.start();
    for (const server of [environments, own, direct]) server.on('GET', /./, { json: {} });
    const withPassword = (url: string): string => url.replace('//', `//ann:${PASSWORD}@`);
    await using it = await SandboxHost.open({
      yaml: `
connectors:
  - { id: usual, kind: echo, host: api.test, ${health} }
  - { id: special, kind: echo, host: api.test, proxy: "${withPassword(own.url)}", ${health} }
  - { id: named, kind: echo, host: api.test, proxy: "\${OWN_PROXY}", ${health} }
  - { id: without, kind: echo, host: api.test, proxy: none, limits: { timeout: 5s }, retry: { attempts: 1 }, ${health} }
  - { id: here, kind: echo, host: 127.0.0.1, port: ${direct.endpoint.port}, ${health} }
`,
      env: { http_proxy: withPassword(environments.url), NO_PROXY: 'other.test', OWN_PROXY: withPassword(own.url) },
    });
    const ask = (id: string): Promise<unknown> =>
      it.service.execute({ id, action: 'ask', payload: { path: `/of/${id}` } });
    for (const id of ['usual', 'usual', 'special', 'named', 'here']) await ask(id);
    await expect(ask('without')).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      message: expect.stringContaining('"api.test"'),
    });

    const asked = (server: FakeService): readonly string[] => server.requests.map(({ target }) => target);
    expect(asked(environments)).toEqual(['http://api.test/of/usual', 'http://api.test/of/usual']);
    expect(asked(own)).toEqual(['http://api.test/of/special', 'http://api.test/of/named']);
    expect(asked(direct)).toEqual(['/of/here']);
    const credentials = `Basic ${Buffer.from(`ann:${PASSWORD}`).toString('base64')}`;
    expect(own.requests[0]?.headers['proxy-authorization']).toBe(credentials);

    const told = it.logText.split('\n').filter((line) => line.includes('go through the proxy'));
    expect(told).toHaveLength(3);
    expect(told[0]).toContain(`http requests go through the proxy ${environments.url}`);
    expect((await it.service.get('special')).config.proxy).toBe('[secret]');
    expect((await it.service.get('named')).config.proxy).toBe('${OWN_PROXY}');
    const shown = JSON.stringify([await it.service.list(), await it.service.get('special'), it.logText]);
    expect(shown).not.toContain(PASSWORD);
  });
});
