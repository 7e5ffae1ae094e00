import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { connect } from '@automate/client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConnectorConfigInput, JsonObject, Scope } from '@automate/contract';
import { addKeeper } from '../fixtures/add-keeper.ts';
import { bytesOfData } from '../fixtures/bytes-of-data.ts';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { storedIn } from '../parity/stored-in.ts';

const CANARY = 'Canary-4711-abcdefghijk';
const MINE: ConnectorConfigInput = {
  id: 'mine',
  kind: 'keeper',
  host: '127.0.0.1',
  basePath: '/hook/Cnry4711abcdefghijklmnop',
  auth: { type: 'bearer', token: CANARY, headers: { 'X-Team': `${CANARY}-header` } },
  settings: {
    key: `${CANARY}-key`,
    plain: 'open',
    list: [{ password: `${CANARY}-deep` }, { pin_code_secret: 4711_0815 }],
  },
  metadata: { password: `${CANARY}-meta`, team: 'open' },
};
const YAML = `
profiles:
  prod: { kind: keeper, environment: prod, secrets: { token: secretref://store/team/token } }
  bare: { kind: keeper, environment: prod, settings: { plain: open } }
`;
const as = (...scopes: Scope[]) => ({ principal: { name: 'ci', scopes } });
const MANAGER = as('manage', 'read', 'execute');

let host: SandboxHost;
beforeEach(async () => {
  host = await SandboxHost.open({ kinds: [], yaml: YAML, prepare: addKeeper });
});
afterEach(() => host[Symbol.asyncDispose]());

const lengths = async (id = 'mine'): Promise<JsonObject> =>
  (await host.service.execute({ id, action: 'lengths' })).result as JsonObject;
const configOf = async (id = 'mine'): Promise<ConnectorConfigInput> => (await host.service.get(id)).config;
const own = async (): Promise<readonly string[]> =>
  (await host.service.listSecrets()).flatMap(({ namespace, name, versions }) =>
    versions.map(({ version }) => `${namespace}/${name}?version=${version}`),
  );

const dataBytes = (): Promise<string> => bytesOfData(host.sandbox.root);

describe('a registration with literal secrets', () => {
  it('has them moved into the store, shows where they are, and works with them', async () => {
    await host.service.register(MINE);
    const config = await configOf();
    const at = (name: string): string => `secretref://store/connector.mine/${name}?version=1`;
    expect(config).toMatchObject({
      basePath: at('base_path'),
      auth: { token: at('auth.token'), headers: { 'X-Team': at('auth.headers.X-Team') } },
      settings: {
        key: at('settings.key'),
        plain: 'open',
        list: [
          { password: at('settings.list.0.password') },
          { pin_code_secret: at('json.settings.list.1.pin_code_secret') },
        ],
      },
      metadata: { password: at('metadata.password'), team: 'open' },
    });
    expect(JSON.stringify([storedIn(host.sandbox.root), config, await host.service.list()])).not.toMatch(/4711/);
    await expect(lengths()).resolves.toMatchObject({
      token: CANARY.length,
      key: CANARY.length + 4,
      basePath: 30,
      metadata: { password: CANARY.length + 5, team: 4 },
    });
    expect(await own()).toHaveLength(7);
    expect(await dataBytes()).not.toMatch(/Canary-4711|Cnry4711|47110815/);
    await host.service.remove('mine');
    expect(await own()).toEqual([]);
    expect(await dataBytes()).not.toMatch(/Canary-4711|Cnry4711|47110815/);
  });

  it('can be sent back as it was shown, through every door, and keeps them', async () => {
    await host.service.register(MINE);
    const before = await lengths();
    const doors = [
      host.service,
      await connect({ address: host.host.grpcAddress ?? '' }),
      openRestBackend(host.host.httpAddress ?? ''),
    ];
    for (const door of doors) {
      const { config } = await door.get('mine');
      await door.update({ ...config, description: 'changed' });
      await expect(lengths()).resolves.toMatchObject({ ...before, startedAt: expect.any(Number) });
    }
    expect(await own()).toHaveLength(7);
    await doors[1]?.close();
    host = await host.restart();
    await expect(lengths()).resolves.toMatchObject({ token: CANARY.length });
  });

  it('keeps a secret that is sent back as [secret], and refuses that where nothing is stored', async () => {
    await host.service.register(MINE);
    await host.service.update({ ...MINE, auth: { type: 'bearer', token: '[secret]' } });
    await expect(lengths()).resolves.toMatchObject({ token: CANARY.length });
    for (const changed of [
      { settings: { plain: '[secret]' } },
      { auth: { type: 'basic', username: 'u', password: '[secret]' } },
    ] as const)
      await expect(host.service.update({ ...MINE, ...changed })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        problems: [{ expected: expect.stringContaining('nothing is stored for it') }],
      });
    await expect(
      host.service.register({ ...MINE, id: 'other', auth: { type: 'bearer', token: '[secret]' } }),
    ).rejects.toMatchObject({
      problems: [{ path: 'auth.token', received: '"[secret]"' }],
    });
  });

  it('leaves none behind of one whose process was killed before it stood', async () => {
    await host.service.register(MINE);
    await host.service.register({ ...MINE, id: 'orphan' });
    await host.host.close();
    const database = new DatabaseSync(join(host.sandbox.root, '.automate', 'connectors.db'));
    database.exec(
      "DELETE FROM connectors WHERE id = 'orphan'; UPDATE secrets SET created_at = '2026-01-01T00:00:00.000Z'",
    );
    database.close();
    host = await host.restart();
    expect((await own()).every((name) => name.startsWith('connector.mine/'))).toBe(true);
    await expect(lengths()).resolves.toMatchObject({ token: CANARY.length });
  });

  it('drops what an update replaces, and leaves nothing of one that is refused', async () => {
    await host.service.register(MINE);
    await host.service.update({ ...MINE, auth: { type: 'bearer', token: `${CANARY}-second` } });
    await expect(lengths()).resolves.toMatchObject({ token: CANARY.length + 7 });
    const after = await own();
    expect(after).toContain('connector.mine/auth.token?version=2');
    expect(after).toHaveLength(6);
    await expect(host.service.update({ ...MINE, kind: 'nobody' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(
      host.service.register({ ...MINE, id: 'other', settings: { key: 1 }, profile: 'none' }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await own()).toEqual(after);
    await expect(lengths()).resolves.toMatchObject({ token: CANARY.length + 7 });
  });
});

describe('a reference to the store in a registration', () => {
  const named = (token: string): ConnectorConfigInput => ({
    id: 'mine',
    kind: 'keeper',
    auth: { type: 'bearer', token },
  });

  it('needs the scope secrets, unless it stands in that field already', async () => {
    await host.service.setSecret({ namespace: 'team', name: 'token', value: CANARY });
    const reference = 'secretref://store/team/token';
    await expect(host.service.register(named(reference), MANAGER)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      details: { reason: 'scope_missing', scope: 'secrets' },
      message: expect.stringContaining('auth.token'),
    });
    await host.service.register(named(reference), as('manage', 'secrets'));
    await expect(lengths()).resolves.toMatchObject({ token: CANARY.length });
    await host.service.update({ ...named(reference), description: 'changed' }, MANAGER);
    for (const settings of [{ key: reference }, { deep: [{ list: [reference] }] }] as readonly JsonObject[])
      await expect(host.service.update({ ...named(reference), settings }, MANAGER)).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
      });
    await expect(host.service.update(named(`${reference}?version=1`), MANAGER)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
  });

  it.each(['secretref://env/default/HOME', 'secretref://file/team/token'])(
    'is refused to everyone for the backend of %s',
    async (token) => {
      await expect(host.service.register(named(token))).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        problems: [{ path: 'auth.token' }],
      });
    },
  );

  it('to a secret of everyone is to a text, whatever it is called', async () => {
    await host.service.setSecret({ namespace: 'team', name: 'json.key', value: 'no JSON' });
    await host.service.register({ id: 'mine', kind: 'keeper', settings: { key: 'secretref://store/team/json.key' } });
    expect(await lengths()).toMatchObject({ key: 'no JSON'.length });
  });

  it('to a secret of another connector is refused to everyone', async () => {
    await host.service.register({ ...MINE, id: 'other' });
    await expect(
      host.service.register(named('secretref://store/connector.other/auth.token?version=1')),
    ).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: 'auth.token', received: 'one of the connector "other"' }],
    });
  });
});

describe('a caller without the scope secrets', () => {
  const denied = { code: 'PERMISSION_DENIED', effect: 'none', details: { reason: 'secret_rebind' } };
  const PLAIN: ConnectorConfigInput = {
    id: 'mine',
    kind: 'keeper',
    host: '127.0.0.1',
    port: 9,
    auth: { type: 'bearer', token: CANARY },
  };

  it.each<[string, ConnectorConfigInput]>([
    ['host', { ...PLAIN, host: 'attacker.example' }],
    ['port', { ...PLAIN, port: 10 }],
    ['scheme', { ...PLAIN, scheme: 'https' }],
    ['tls', { ...PLAIN, tls: { insecure: true } }],
    ['proxy', { ...PLAIN, proxy: 'http://attacker.example:80' }],
    ['settings.server', { ...PLAIN, settings: { server: 'attacker.example' } }],
    ['settings.baseUrl', { ...PLAIN, settings: { baseUrl: 'attacker.example' } }],
    ['settings.anything', { ...PLAIN, settings: { anything: 'http://attacker.example' } }],
  ])('must give them again with another %s', async (place, changed) => {
    await host.service.register(PLAIN, MANAGER);
    const kept = { ...changed, auth: (await configOf()).auth };
    await expect(host.service.update(kept, MANAGER)).rejects.toMatchObject({
      ...denied,
      message: expect.stringContaining(
        `with another ${place} the secrets that it uses would go elsewhere: give them again`,
      ),
    });
    await expect(
      host.service.update({ ...changed, auth: { type: 'bearer', token: '[secret]' } }, MANAGER),
    ).rejects.toMatchObject(denied);
    await expect(lengths()).resolves.toMatchObject({ token: CANARY.length });
    await host.service.update({ ...changed, auth: { type: 'bearer', token: `${CANARY}-mine` } }, MANAGER);
    await host.service.update({ ...PLAIN, auth: (await configOf()).auth }, as('manage', 'secrets'));
  });

  it('may change what does not say where requests go', async () => {
    await host.service.register(PLAIN, MANAGER);
    const { auth } = await configOf();
    await host.service.update(
      { ...PLAIN, auth, description: 'x', settings: { plain: 'y' }, limits: { concurrency: 3 } },
      MANAGER,
    );
    await expect(lengths()).resolves.toMatchObject({ token: CANARY.length });
  });

  it('may bind no profile with secrets to a place of their own, nor move what has one', async () => {
    await host.service.setSecret({ namespace: 'team', name: 'token', value: CANARY });
    const shared: ConnectorConfigInput = {
      id: 'mine',
      kind: 'keeper',
      host: '127.0.0.1',
      auth: { type: 'bearer' },
      profile: 'prod',
    };
    await expect(host.service.register(shared, MANAGER)).rejects.toMatchObject({
      ...denied,
      message: expect.stringContaining('profile "prod"'),
    });
    await host.service.register(shared, as('manage', 'secrets'));
    await host.service.update({ ...shared, description: 'x' }, MANAGER);
    await expect(host.service.update({ ...shared, host: 'attacker.example' }, MANAGER)).rejects.toMatchObject(denied);
    await host.service.register({ ...shared, id: 'other', auth: { type: 'none' }, profile: 'bare' }, MANAGER);
    await host.service.update(
      { ...shared, id: 'other', auth: { type: 'none' }, profile: 'bare', host: 'elsewhere.example' },
      MANAGER,
    );
  });
});
