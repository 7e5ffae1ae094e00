import { connect } from '@automate/client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConnectorService, JsonObject, Scope } from '@automate/contract';
import { addKeeper } from '../fixtures/add-keeper.ts';
import { bytesOfData } from '../fixtures/bytes-of-data.ts';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const CANARY = 'Canary-4711-profile';
const OF_FILE =
  'prod: { kind: keeper, settings: { plain: "${PLACE}" }, secrets: { token: secretref://env/default/SHARED } }';
const YAML = `
connectors:
  - { id: filed, kind: keeper, auth: { type: bearer }, profile: prod }
profiles:
  ${OF_FILE}
`;
const SHARED = {
  name: 'shared',
  kind: 'keeper',
  environment: 'dev',
  settings: { key: `${CANARY}-key`, plain: 'open', list: [{ pin_code_secret: 4711_0815 }] },
  secrets: { token: CANARY },
};
const at = (name: string, version = 1): string => `secretref://store/profile.shared/${name}?version=${version}`;
const as = (...scopes: Scope[]) => ({ principal: { name: 'ci', scopes } });
const MANAGER = as('manage', 'read', 'execute');

let host: SandboxHost;
beforeEach(async () => {
  host = await SandboxHost.open({
    kinds: [],
    yaml: YAML,
    env: { SHARED: 'shared-token', PLACE: 'here', HEALTH_INTERVAL: '20h' },
    prepare: addKeeper,
  });
});
afterEach(() => host[Symbol.asyncDispose]());

const lengths = async (id: string): Promise<JsonObject> =>
  (await host.service.execute({ id, action: 'lengths' })).result as JsonObject;
const user = (id: string, rest: object = {}) =>
  host.service.register({ id, kind: 'keeper', auth: { type: 'bearer' }, profile: 'shared', ...rest });
const secretsOf = async (): Promise<readonly string[]> =>
  (await host.service.listSecrets()).flatMap(({ namespace, name, versions }) =>
    versions.map(({ version }) => `${namespace}/${name}?version=${version}`),
  );

describe.each(['in process', 'gRPC', 'REST'] as const)('profiles, %s', (name) => {
  it('are set, told with who uses them and where their secrets are, changed and removed', async () => {
    const doors: Readonly<Record<typeof name, () => Promise<ConnectorService>>> = {
      'in process': async () => host.service,
      gRPC: () => connect({ address: host.host.grpcAddress ?? '' }),
      REST: async () => openRestBackend(host.host.httpAddress ?? ''),
    };
    const door = await doors[name]();
    await expect(door.setProfile(SHARED)).resolves.toEqual({
      name: 'shared',
      message: 'set the profile "shared"',
      heldBack: [],
    });
    await user('user');
    await expect(lengths('user')).resolves.toMatchObject({ token: CANARY.length, key: CANARY.length + 4 });
    const shared = {
      name: 'shared',
      kind: 'keeper',
      environment: 'dev',
      enabled: true,
      owner: 'api',
      settings: {
        key: at('settings.key'),
        plain: 'open',
        list: [{ pin_code_secret: at('json.settings.list.0.pin_code_secret') }],
      },
      secrets: { token: at('secrets.token') },
      usedBy: ['user'],
    };
    await expect(door.listProfiles()).resolves.toEqual([
      {
        name: 'prod',
        kind: 'keeper',
        environment: 'prod',
        enabled: true,
        owner: 'file',
        settings: { plain: '${PLACE}' },
        secrets: { token: 'secretref://env/default/SHARED' },
        usedBy: ['filed'],
      },
      shared,
    ]);
    // As it is shown it can be sent back.
    await door.setProfile({ ...SHARED, settings: shared.settings, secrets: { token: '[secret]' } });
    await expect(door.setProfile({ ...SHARED, secrets: { token: `${CANARY}-second` } })).resolves.toMatchObject({
      message: 'set the profile "shared"; connectors that run with it from now on: user',
    });
    await expect(lengths('user')).resolves.toMatchObject({ token: CANARY.length + 7 });
    await expect(door.removeProfile('shared')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/^the profile "shared" is used by the connector "user", which could not start/),
      details: { reason: 'profile_in_use', used_by: ['user'] },
    });
    await expect(door.removeProfile('prod')).rejects.toMatchObject({ details: { reason: 'not_owned' } });
    await host.service.remove('user');
    await expect(door.removeProfile('shared')).resolves.toMatchObject({ message: 'removed the profile "shared"' });
    await expect(door.removeProfile('shared')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      details: { reason: 'unknown_profile' },
    });
    await expect(secretsOf()).resolves.toEqual([]);
    expect((await bytesOfData(host.sandbox.root)) + host.logText).not.toMatch(/Canary-4711|47110815/);
    if (door !== host.service) await door.close();
  });
});

describe('a profile that is set', () => {
  it('outlives the host, whose file may be read again meanwhile', async () => {
    await host.service.setProfile(SHARED);
    await user('user');
    await host.writeConfig(YAML.replace('id: filed', 'id: other'));
    await host.host.reload();
    await expect(lengths('user')).resolves.toMatchObject({ token: CANARY.length });
    host = await host.restart();
    await expect(lengths('user')).resolves.toMatchObject({ token: CANARY.length });
    await expect(host.service.listProfiles()).resolves.toMatchObject([{ usedBy: ['other'] }, { usedBy: ['user'] }]);
  });

  it('is refused whole, with everything that is wrong, and leaves nothing behind', async () => {
    await expect(
      host.service.setProfile({
        name: 'a b',
        kind: 'keeper',
        settings: { a: '${HOME}' },
        secrets: { 'a-b': 'x', token: 'secretref://env/default/HOME' },
      }),
    ).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { reason: 'config_refused' },
      problems: [{ path: 'name' }, { path: 'settings.a' }, { path: 'secrets.token' }, { path: 'secrets.a-b' }],
    });
    await expect(host.service.setProfile({ ...SHARED, kind: 'nobody' })).rejects.toMatchObject({
      message: expect.stringMatching(/^the profile "shared" is refused: kind: .*nobody/),
    });
    await expect(secretsOf()).resolves.toEqual([]);
  });

  it('stops the connectors that use it when it is disabled, and lets them run again', async () => {
    await host.service.setProfile(SHARED);
    await user('user');
    await lengths('user');
    await host.service.setProfile({ ...SHARED, enabled: false });
    await expect(lengths('user')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('expected a profile that is enabled'),
    });
    await host.service.setProfile(SHARED);
    await expect(lengths('user')).resolves.toMatchObject({ token: CANARY.length });
  });

  it('gives way to one of the file, and the list, the log and whoever would set it are told', async () => {
    await host.service.setProfile(SHARED);
    await user('user');
    await host.writeConfig(`${YAML}  shared: { kind: keeper, secrets: { token: secretref://env/default/SHARED } }\n`);
    await host.host.reload();
    await expect(lengths('user')).resolves.toMatchObject({ token: 'shared-token'.length });
    await expect(host.service.listProfiles()).resolves.toMatchObject([
      { name: 'prod' },
      { name: 'shared', owner: 'file', hidesOther: true },
    ]);
    expect(host.logText).toMatch(/the profile \\"shared\\" was set over the API and also stands in the configuration/);
    await expect(host.service.setProfile(SHARED)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/"shared" cannot be set over the API: it stands in the configuration file, which/),
      details: { reason: 'not_owned', owner: 'file' },
    });
    await host.service.removeProfile('shared');
    await expect(host.service.listProfiles()).resolves.toEqual([
      expect.objectContaining({ name: 'prod' }),
      expect.not.objectContaining({ hidesOther: true }),
    ]);
  });
});

describe('a profile whose connectors fail with what is new', () => {
  const CHECKED = `
import { action, ConnectorAdapter } from '@automate/sdk';
const any = { schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }, jsonSchema: { type: 'object' } };
const path = { type: 'string', 'x-local-path': 'file' };
export default class Checked extends ConnectorAdapter {
  name = 'checked';
  version = '1.0.0';
  configSchema = { ...any, jsonSchema: { type: 'object', properties: { file: path } } };
  actions = {
    length: action({
      description: 'Tells.', input: any, sideEffects: false, idempotent: true,
      run: () => this.context.profile.secrets.token.reveal().length,
    }),
  };
  connect() {
    return !this.context.profile.secrets.token.reveal().startsWith('bad');
  }
}
`;
  const length = async (id: string): Promise<unknown> => (await host.service.execute({ id, action: 'length' })).result;
  beforeEach(async () => {
    await host.sandbox.addConnector({ kind: 'checked', source: CHECKED });
    await host.service.rescanPlugins();
  });

  it('leaves them as they were, says which and why, and keeps the secrets that they go on with', async () => {
    const set = (token: string) => host.service.setProfile({ name: 'p', kind: 'checked', secrets: { token } });
    await set('good');
    for (const id of ['one', 'two']) await host.service.register({ id, kind: 'checked', profile: 'p' });
    await expect(length('one')).resolves.toBe(4);
    const { message, heldBack } = await set('bad token');
    expect(message).toMatch(/^set the profile "p"; connectors that run .*: two; "one" goes on as it was: with the/);
    expect(heldBack).toEqual([{ connector: 'one', reason: expect.stringContaining('could not connect') }]);
    await expect(secretsOf()).resolves.toEqual([1, 2].map((version) => `profile.p/secrets.token?version=${version}`));
    await expect(length('one')).resolves.toBe(4);
    await expect(host.service.list()).resolves.toContainEqual(
      expect.objectContaining({ id: 'one', heldBack: expect.stringContaining('could not connect') }),
    );
    await expect(set('better')).resolves.toMatchObject({ heldBack: [] });
    await expect(length('one')).resolves.toBe(6);
    await expect(secretsOf()).resolves.toEqual(['profile.p/secrets.token?version=3']);
  });

  it('opens no file that the operator did not grant, as a profile of the file does', async () => {
    const settings = { file: '/etc/hostname' };
    await host.service.setProfile({ name: 'p', kind: 'checked', settings, secrets: { token: 'good' } });
    await expect(host.service.register({ id: 'one', kind: 'checked', profile: 'p' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: 'settings.file' }],
    });
    const q =
      'q: { kind: checked, settings: { file: /etc/hostname }, secrets: { token: secretref://env/default/SHARED } }';
    await host.writeConfig(`${YAML}  ${q}\n`);
    await host.host.reload();
    await host.service.register({ id: 'one', kind: 'checked', profile: 'q' });
    await expect(length('one')).resolves.toBe('shared-token'.length);
  });
});

describe('who lacks the scope secrets', () => {
  const denied = { code: 'PERMISSION_DENIED', details: { reason: 'secret_rebind', scope: 'secrets' } };

  it('may set a profile with secrets of their own, and name none of the store', async () => {
    await host.service.setSecret({ namespace: 'team', name: 'token', value: CANARY });
    await host.service.setProfile(SHARED, MANAGER);
    await expect(
      host.service.setProfile({ ...SHARED, secrets: { token: 'secretref://store/team/token' } }, MANAGER),
    ).rejects.toMatchObject({ code: 'PERMISSION_DENIED', details: { reason: 'scope_missing', scope: 'secrets' } });
    await expect(
      host.service.register({ id: 'thief', kind: 'keeper', settings: { key: at('secrets.token') } }),
    ).rejects.toMatchObject({ problems: [{ received: 'one of the profile "shared"' }] });
    await expect(
      host.service.setSecret({ namespace: 'profile.shared', name: 'secrets.token', value: 'x' }),
    ).rejects.toMatchObject({ details: { reason: 'not_owned' }, message: expect.stringContaining('profile "shared"') });
    await host.service.setProfile(
      { ...SHARED, secrets: { token: 'secretref://store/team/token' } },
      as('manage', 'secrets'),
    );
  });

  it('can have secrets that it keeps sent nowhere else', async () => {
    const kept = { ...SHARED, settings: { url: 'https://good.example' } };
    await host.service.setProfile(kept);
    const again = { ...kept, secrets: { token: '[secret]' } };
    await host.service.setProfile({ ...again, settings: { ...kept.settings, plain: 'changed' } }, MANAGER);
    const elsewhere = { ...again, settings: { url: 'https://attacker.example' } };
    await expect(host.service.setProfile(elsewhere, MANAGER)).rejects.toMatchObject(denied);
    const asked = { ...again, secrets: { ...again.secrets, token_url: 'https://attacker.example' } };
    await expect(host.service.setProfile(asked, MANAGER)).rejects.toMatchObject(denied);
    await host.service.setProfile({ ...elsewhere, secrets: { token: 'one of my own' } }, MANAGER);
    await host.service.setProfile({ ...again, secrets: { token: CANARY } }, as('manage', 'secrets'));
  });

  it('can have those of a connector sent nowhere else by the profile that it uses, or comes to use', async () => {
    const open = { name: 'shared', kind: 'keeper', settings: { url: 'https://good.example' } };
    await host.service.setProfile(open);
    await user('user', { auth: { type: 'bearer', token: CANARY } });
    const attack = { ...open, settings: { url: 'https://attacker.example' } };
    await expect(host.service.setProfile(attack, MANAGER)).rejects.toMatchObject({
      ...denied,
      message: expect.stringMatching(/^the profile "shared" stays as it is, .* with another settings\.url the secrets/),
    });
    await host.service.setProfile({ ...attack, name: 'theirs' }, MANAGER);
    const { config } = await host.service.get('user');
    await expect(host.service.update({ ...config, profile: 'theirs' }, MANAGER)).rejects.toMatchObject(denied);
    await host.service.update({ ...config, profile: 'theirs' });
  });
});
