import type { ConnectorConfigInput } from '@automate/contract';
import { connect } from '@automate/client';
import { FakeService } from '@automate/testing';
import { describe, expect, it } from '@jest/globals';
import { openRestBackend } from './fixtures/rest-backend.ts';
import { SandboxHost } from './fixtures/sandbox-host.ts';
import { TlsFiles } from './transports/fixtures/tls-files.ts';

const input = (id: string, host: string, port: number, more: object = {}): ConnectorConfigInput => ({
  id,
  kind: 'echo',
  host,
  port,
  healthCheck: { enabled: false },
  ...more,
});

const refused = (rule: string): object => ({
  code: 'FORBIDDEN',
  effect: 'none',
  blame: 'operator',
  retryable: false,
  attempts: 1,
  details: expect.objectContaining({ reason: 'network_policy', rule }),
});

describe('a host keeps its connectors', () => {
  it('from metadata addresses and from its own doors, whoever wrote them, unless the file allows that', async () => {
    await using it = await SandboxHost.open({
      yaml: `connectors:\n  - { id: ours, kind: echo, host: 169.254.169.254, scheme: http, health_check: { enabled: false, path: /latest } }\n`,
    });
    const ask = (id: string): Promise<unknown> =>
      it.service.execute({ id, action: 'ask', payload: { path: '/health/live' } });
    await expect(ask('ours')).rejects.toMatchObject(refused('metadata'));
    // No credential takes part, so that nobody should look for one.
    expect(await it.service.healthCheck('ours')).toMatchObject({
      message: expect.stringMatching(/^address denied: .*network: \{ allow: \["169\.254\.169\.254/),
      blame: 'operator',
    });
    const doors = [it.host.grpcAddress ?? '', new URL(it.host.httpAddress ?? '').host];
    for (const [index, door] of doors.entries()) {
      const port = Number(door.split(':')[1]);
      for (const [name, host] of Object.entries({
        four: '127.0.0.1',
        named: 'localhost',
        six: '::ffff:127.0.0.1',
        none: '0.0.0.0',
      })) {
        const id = `door-${index}-${name}`;
        await it.service.register(input(id, host, port));
        await expect(ask(id)).rejects.toMatchObject(refused('own port'));
      }
    }
    const rest = doors[1] ?? '';
    await it.writeConfig(`network: { allow: ["${rest}"] }\nconnectors: []\n`);
    await expect(it.host.reload()).resolves.toMatchObject({ ok: true });
    await expect(ask('door-1-four')).resolves.toMatchObject({ result: expect.anything() });
    await expect(ask('door-0-four')).rejects.toMatchObject(refused('own port'));
  });

  it('at the level restricted from all that its package was not granted and the operator did not write, by name and by address', async () => {
    await using service = await FakeService.start();
    service.on('GET', /./, { json: {} });
    const { port } = service.endpoint;
    const yaml = (granted: string): string =>
      `plugins: { grants: { "*": { network: ["${granted}"] } } }
connectors:
  - { id: ours, kind: echo, host: 127.0.0.1, port: ${port}, isolation: restricted, health_check: { enabled: false } }
`;
    await using it = await SandboxHost.open({
      manifests: { echo: { permissions: { network: ['*'] } } },
      yaml: yaml(`localhost:${port}`),
    });
    const ask = (id: string): Promise<unknown> => it.service.execute({ id, action: 'ask', payload: { path: '/' } });
    for (const [id, host] of Object.entries({ four: '127.0.0.1', named: 'localhost' }))
      await it.service.register(input(id, host, port, { isolation: 'restricted' }));
    // Granted by its name; the address alone was not, and nobody has looked the name up there.
    await ask('named');
    await ask('ours');
    await expect(ask('four')).rejects.toMatchObject(refused('grants'));
    expect(service.requests).toHaveLength(2);
    await it.writeConfig(yaml(`127.0.0.1:${port + 1}`));
    await it.host.reload();
    await ask('ours');
    await expect(ask('named')).rejects.toMatchObject(refused('grants'));
    await it.writeConfig(yaml(`*:${port}`));
    await it.host.reload();
    await ask('four');
    expect(service.requests).toHaveLength(4);
  });

  it('that others register, where callers sign in, from this machine and private networks; older ones go on', async () => {
    await using service = await FakeService.start();
    service.on('GET', /./, { json: {} });
    const { port } = service.endpoint;
    using tls = new TlsFiles();
    const ours = `connectors: [{ id: ours, kind: echo, host: 127.0.0.1, port: ${port}, health_check: { enabled: false } }]\n`;
    await using before = await SandboxHost.open({ yaml: ours });
    const ask = (host: SandboxHost, id: string): Promise<unknown> =>
      host.service.execute({ id, action: 'ask', payload: { path: '/' } });
    for (const id of ['old', 'changed']) {
      await before.service.register(input(id, '127.0.0.1', port));
      await ask(before, id);
    }
    const it = await before.restart({ ...tls.env, TLS_CLIENT_CA_FILE: tls.clientCaFile });
    try {
      await ask(it, 'ours');
      await ask(it, 'old');
      expect(it.logText).toContain(`connector \\"old\\" may until it is changed`);
      await it.service.update(input('changed', 'localhost', port));
      await it.service.register(input('new', '127.0.0.1', port));
      await it.service.register(input('private', '10.0.0.1', 80));
      const came = service.requests.length;
      await expect(ask(it, 'changed')).rejects.toMatchObject(refused('loopback'));
      await expect(ask(it, 'new')).rejects.toMatchObject(refused('loopback'));
      await expect(ask(it, 'private')).rejects.toMatchObject(refused('private'));
      expect(service.requests).toHaveLength(came);
      await it.writeConfig(`network: { registered: { allow: ["127.0.0.1:${port}"] } }\n${ours}`);
      await it.host.reload();
      await ask(it, 'new');
      await ask(it, 'changed');
    } finally {
      await it.host.close();
    }
  });

  it('from what the file denies, at once when it is read again, and those that work go on working', async () => {
    await using service = await FakeService.start();
    service.on('GET', /./, { json: {} });
    const { port } = service.endpoint;
    const connector = (id: string): string =>
      `  - { id: ${id}, kind: echo, host: 127.0.0.1, port: ${port}, health_check: { enabled: false } }\n`;
    await using it = await SandboxHost.open({ yaml: `connectors:\n${connector('near')}`, env: { AUDIT: 'on' } });
    const ask = (): Promise<unknown> => it.service.execute({ id: 'near', action: 'ask', payload: { path: '/' } });
    await ask();
    await it.writeConfig(`network: { deny: ["127.0.0.1:${port}"] }\nconnectors:\n${connector('near')}`);
    await expect(it.host.reload()).resolves.toMatchObject({
      ok: true,
      updated: ['near'],
      reachOnly: ['near'],
      heldBack: [],
    });
    expect(it.logText).toContain('network has changed in the configuration file: 1 connectors start anew under it');
    const { records } = await it.service.listAudit({ operation: 'reload' });
    expect(records.map(({ subject, connector: id }) => [subject, id])).toEqual([
      ['network, which holds 1 connectors', undefined],
    ]);
    const before = service.requests.length;
    await expect(ask()).rejects.toMatchObject(refused(`127.0.0.1:${port}`));
    expect(service.requests).toHaveLength(before);
    await it.writeConfig(
      `network: { deny: [loopback], allow: ["127.0.0.1:${port}"] }\nconnectors:\n${connector('near')}`,
    );
    await it.host.reload();
    await ask();
  });

  it('and says so at registration, where the host is written as an address or stands for one', async () => {
    await using it = await SandboxHost.open({ kinds: ['echo', 'open_kind'], yaml: 'network: { deny: [loopback] }\n' });
    const told = async (id: string, host: string, port?: number): Promise<string> =>
      (await it.service.register({ id, kind: 'echo', host, ...(port === undefined ? {} : { port }) })).message;
    expect(await told('meta', '169.254.169.254', 80)).toMatch(
      /^registered "meta", but as it stands the network policy keeps connector "meta" from 169\.254\.169\.254:80: .*network: \{ allow:/,
    );
    expect(await told('bare', '[::1]')).toMatch(/keeps connector "bare" from "::1", which is ::1/);
    expect(await told('name', 'localhost', 8080)).toMatch(/keeps connector "name" from "localhost", which is /);
    expect(await told('open', '192.0.2.1', 80)).toBe('registered "open"');
    expect(await told('unknown', 'nowhere.invalid', 80)).toBe('registered "unknown"');
    const elsewhere = async (id: string, more: object): Promise<string> =>
      (await it.service.register({ id, kind: 'open_kind', host: '192.0.2.1', port: 80, ...more })).message;
    const tokenUrl = 'http://127.0.0.1:7/token';
    expect(await elsewhere('tokens', { auth: { type: 'oauth2', tokenUrl, clientId: 'a', clientSecret: 'b' } })).toMatch(
      /^registered "tokens", but as it stands the network policy keeps connector "tokens" from 127\.0\.0\.1:7: /,
    );
    expect(await elsewhere('proxied', { proxy: 'http://127.0.0.1:3128' })).toMatch(/from 127\.0\.0\.1:3128: /);
    const settings = { far: 'https://192.0.2.1/', of: [{ url: 'http://ann:hush@169.254.169.254/latest?key=hush' }] };
    expect(await elsewhere('set', { settings })).toMatch(/from 169\.254\.169\.254:80: (?!.*hush)/);
    expect(await elsewhere('far', { settings: { far: 'https://192.0.2.1/', no: 'text://' } })).toBe('registered "far"');
    const { message } = await it.service.update({ id: 'open', kind: 'echo', host: '127.0.0.1', port: 1 });
    expect(message).toMatch(/^updated "open", but as it stands the network policy keeps/);
  });

  it('and says at every door what that is, to who may read', async () => {
    const yaml = 'network: { deny: ["*.internal"], allow: [169.254.1.1] }\nconnectors: [{ id: echo }]\n';
    await using it = await SandboxHost.open({ kinds: ['echo'], yaml });
    await using client = await connect({ address: it.host.grpcAddress ?? '' });
    const rest = openRestBackend(it.host.httpAddress ?? '');
    const network =
      'denied: link-local and metadata addresses, the host\'s own ports, "*.internal"; all the same allowed: "169.254.1.1"';
    for (const service of [it.service, client, rest])
      await expect(service.get('echo')).resolves.toMatchObject({ network });
    await it.service.register({ id: 'mine', kind: 'echo' });
    await it.service.createToken({ name: 'ci', scopes: ['admin'] });
    await expect(it.service.get('mine')).resolves.toMatchObject({
      network: expect.stringMatching(/older than their rule$/),
    });
    const caller = { principal: { name: 'ci', scopes: ['execute:echo'] } } as const;
    expect(await it.service.get('echo', caller)).not.toHaveProperty('network');
  });

  it('and says of rules that are none where they stand', async () => {
    await using it = await SandboxHost.open({ yaml: 'connectors: []\n' });
    await it.writeConfig(
      'network:\n  allow: [10.0.0.0/33, db.internal]\n  deny: ["a b", "*:99999"]\n  registered:\n    allow: [127.1]\n    denied: []\n',
    );
    const reloaded = await it.host.reload();
    expect(reloaded).toMatchObject({
      ok: false,
      problems: [
        { path: 'network.allow[0]', line: 2, column: 11 },
        { path: 'network.deny[0]', line: 3, column: 10 },
        { path: 'network.deny[1]', line: 3, column: 17 },
        { path: 'network.registered.allow[0]', line: 5, column: 13 },
        { path: 'network.registered.denied', line: 6 },
      ],
    });
  });

  it('and asks a proxy for nothing that is denied, nor the proxy itself where that is', async () => {
    await using proxy = await FakeService.start();
    proxy.on('GET', /./, { json: {} });
    const echo = (id: string, host: string): string =>
      `  - { id: ${id}, kind: echo, host: ${host}, proxy: "${proxy.url}", health_check: { enabled: false } }\n`;
    const connectors = `connectors:\n${echo('named', 'api.test')}${echo('meta', '169.254.169.254')}${echo('denied', 'x.evil.test')}`;
    await using it = await SandboxHost.open({ yaml: `network: { deny: ["*.evil.test"] }\n${connectors}` });
    const ask = (id: string): Promise<unknown> => it.service.execute({ id, action: 'ask', payload: { path: '/' } });
    await ask('named');
    expect(proxy.requests).toHaveLength(1);
    await expect(ask('meta')).rejects.toMatchObject(refused('metadata'));
    await expect(ask('denied')).rejects.toMatchObject(refused('*.evil.test'));
    await it.writeConfig(`network: { deny: ["127.0.0.1:${proxy.endpoint.port}"] }\n${connectors}`);
    await it.host.reload();
    await expect(ask('named')).rejects.toMatchObject(refused(`127.0.0.1:${proxy.endpoint.port}`));
    expect(proxy.requests).toHaveLength(1);
  });
});
