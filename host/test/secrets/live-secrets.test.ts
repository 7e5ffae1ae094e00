import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@automate/contract';
import { action, ConnectorAdapter } from '@automate/sdk';
import type { ConnectorContext, SecretsChanged } from '@automate/sdk';
import { eventually } from '@automate/tooling/eventually';
import { z } from 'zod';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const PLUGINS = join(import.meta.dirname, '..', '..', '..', 'plugins');
const TOKEN = { namespace: 'team', name: 'token' };
const HOOK = { namespace: 'team', name: 'hook' };

/** A kind with this hook. It tells how long its secrets are, as they themselves are masked, and what it was told. */
const fresh = (hook: string): string => `
import { action, ConnectorAdapter } from '@automate/sdk';
const any = { schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }, jsonSchema: { type: 'object' } };
export default class Fresh extends ConnectorAdapter {
  name = 'fresh';
  version = '1.0.0';
  told = [];
  startedAt = performance.timeOrigin + performance.now();
  configSchema = any;
  actions = {
    tell: action({ description: 'Tells.', input: any, sideEffects: false, idempotent: true, run: async ({ ms = 0 }) => {
      await new Promise((done) => setTimeout(done, ms));
      return this.tell();
    } }),
  };
  initialize(context) { this.kept = context; }
  connect() { return true; }
  ${hook}
  tell() {
    const { config, profile, settings } = this.kept;
    const { told, startedAt } = this;
    const lengthOf = (secret) => secret?.reveal().length ?? 0;
    return { token: lengthOf(config.auth.token), hook: lengthOf(profile?.secrets.hook), key: settings.key?.length, told, startedAt };
  }
}
`;
const HOOK_THAT_NOTES =
  'onSecretsChanged({ names }) { this.told.push({ names, now: this.context.config.auth.token.reveal().length }); }';

/** The same, to be run in the host's own thread. */
class Inline extends ConnectorAdapter {
  readonly name = 'fresh';
  readonly version = '1.0.0';
  readonly #told: JsonObject[] = [];
  readonly #startedAt = performance.now();
  #kept: ConnectorContext | undefined;
  override readonly configSchema = z.looseObject({});
  override readonly actions = {
    tell: action({
      description: 'Tells.',
      input: z.looseObject({}),
      sideEffects: false,
      idempotent: true,
      run: () => {
        const { config, profile, settings } = this.#kept!;
        return {
          token: config.auth.token?.reveal().length,
          hook: profile?.secrets['hook']?.reveal().length,
          key: String(settings['key']).length,
          told: this.#told,
          startedAt: this.#startedAt,
        };
      },
    }),
  };
  override initialize(context: ConnectorContext): void {
    this.#kept = context;
  }
  override connect(): boolean {
    return true;
  }
  override onSecretsChanged({ names }: SecretsChanged): void {
    this.#told.push({ names: [...names], now: this.context.config.auth.token?.reveal().length ?? 0 });
  }
}

const yamlAt = (isolation: string): string => `
connectors:
  - id: one
    kind: fresh
    profile: prod
    auth: { type: bearer, token: secretref://store/team/token }
    limits: { start_timeout: 1s }
    ${isolation}
profiles:
  prod: { kind: fresh, settings: { key: secretref://store/team/hook }, secrets: { hook: secretref://store/team/hook } }
`;

async function open(hook: string, level = 'thread'): Promise<SandboxHost> {
  const host = await SandboxHost.open({
    kinds: [],
    env: { HEALTH_INTERVAL: '20h' },
    ...(level === 'none'
      ? { yaml: yamlAt(''), register: [{ kind: 'fresh', adapter: Inline }] }
      : {
          yaml: yamlAt(`isolation: ${level}`),
          prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'fresh', source: fresh(hook) })),
        }),
  });
  await host.service.setSecret({ ...TOKEN, value: 'first' });
  await host.service.setSecret({ ...HOOK, value: 'first hook' });
  return host;
}

const tell = async ({ service }: SandboxHost, payload: JsonObject = {}): Promise<JsonObject> =>
  (await service.execute({ id: 'one', action: 'tell', payload })).result as JsonObject;
const restarts = async ({ host }: SandboxHost, id = 'one'): Promise<number> => {
  const text = await (await fetch(`${host.httpAddress}/metrics`)).text();
  return Number(new RegExp(`automate_worker_restarts_total\\{connector="${id}"\\} (\\d+)`).exec(text)?.[1]);
};

describe.each(['none', 'thread', 'process', 'restricted'])('a new version of a secret, at the level %s', (level) => {
  it('reaches a connector that takes it, which is told what is new, without a new start', async () => {
    await using host = await open(HOOK_THAT_NOTES, level);
    const before = await tell(host);
    expect(before).toMatchObject({ token: 5, hook: 10, key: 10, told: [] });
    await host.service.setSecret({ ...TOKEN, value: 'second one' });
    const once = [{ names: ['auth.token'], now: 10 }];
    await expect(tell(host)).resolves.toEqual({ ...before, token: 10, told: once });
    await host.service.setSecret({ ...HOOK, value: 'second hook' });
    const names = ['settings.key', 'profile.settings.key', 'profile.secrets.hook'];
    await expect(tell(host)).resolves.toEqual({
      ...before,
      token: 10,
      hook: 11,
      key: 11,
      told: [...once, { names: expect.arrayContaining(names), now: 10 }],
    });
    await host.service.setSecret({ ...HOOK, value: 'second hook' });
    await expect(tell(host)).resolves.toMatchObject({ told: { length: 2 } });
    await expect(restarts(host)).resolves.toBe(0);
  });
});

describe('a connector whose hook fails', () => {
  it.each([
    ['throws', 'onSecretsChanged() { throw new Error("the session cannot be made"); }', /the session cannot be made/],
    [
      'never ends',
      'onSecretsChanged() { return new Promise(() => {}); }',
      /onSecretsChanged\(\) of .*fresh.* did not end within/,
    ],
  ])('starts again once its calls have ended, and the log says why, where it %s', async (_how, hook, reason) => {
    await using host = await open(hook);
    const before = await tell(host);
    const slow = tell(host, { ms: 1500 });
    await tell(host);
    await host.service.setSecret({ ...TOKEN, value: 'second one' });
    const after = await tell(host);
    expect(after).toMatchObject({ token: 10 });
    expect(after['startedAt']).not.toBe(before['startedAt']);
    await expect(slow).resolves.toMatchObject({ startedAt: before['startedAt'] });
    const line = host.logText.split('\n').find((text) => text.includes('did not take new secrets'));
    expect(line).toMatch(reason);
    await expect(restarts(host)).resolves.toBe(1);
  });

  it('is ended where it blocks, and runs again with what is new', async () => {
    await using host = await open('onSecretsChanged() { for (;;); }');
    await tell(host);
    await host.service.setSecret({ ...TOKEN, value: 'second one' });
    await eventually(async () => (await tell(host))['token'] === 10);
  });
});

describe('a profile that is set anew', () => {
  it('reaches a connector that takes its secrets, without a new start', async () => {
    await using host = await open(HOOK_THAT_NOTES);
    const set = (hook: string, key: string) =>
      host.service.setProfile({ name: 'own', kind: 'fresh', settings: { key }, secrets: { hook, token: `${hook}-t` } });
    await set('first', 'a');
    await host.service.register({ id: 'two', kind: 'fresh', profile: 'own', auth: { type: 'bearer' } });
    const two = async () => (await host.service.execute({ id: 'two', action: 'tell' })).result as JsonObject;
    const before = await two();
    await expect(set('another', 'bc')).resolves.toMatchObject({ heldBack: [] });
    const { told, ...after } = await two();
    expect(after).toEqual({ token: 9, hook: 7, key: 2, startedAt: before['startedAt'] });
    const names = [
      'auth.token',
      'settings.key',
      'profile.settings.key',
      'profile.secrets.hook',
      'profile.secrets.token',
    ];
    expect(told).toEqual([{ names, now: 9 }]);
    await expect(restarts(host, 'two')).resolves.toBe(0);
    await host.service.execute({ id: 'two', action: 'tell' });
  });
});

it('requests of the kind http carry a rotated token from the next one on, none is lost, and its worker goes on', async () => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.url} ${request.headers.authorization}`);
    setTimeout(() => response.end('{}'), request.url === '/slow' ? 300 : 0);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await using stack = new AsyncDisposableStack();
  stack.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  await using host = await SandboxHost.open({
    kinds: [],
    env: { HEALTH_INTERVAL: '20h' },
    yaml: `plugins: { scan: all }\nconnectors:\n  - { id: api, kind: http, host: 127.0.0.1, port: ${port}, auth: { type: bearer, token: secretref://store/team/token } }\n`,
    prepare: (sandbox) => sandbox.linkPackage('@automate/connector-http', join(PLUGINS, 'http')),
  });
  const get = (path: string) => host.service.execute({ id: 'api', action: 'get', payload: { path } });
  await host.service.setSecret({ ...TOKEN, value: 'token-0' });
  await get('/');
  const failed: unknown[] = [];
  let calls = 0;
  let stop = false;
  const caller = async (path: string): Promise<void> => {
    while (!stop) {
      await get(path).catch((error: unknown) => failed.push(error));
      calls += 1;
    }
  };
  const callers = ['/', '/', '/slow', '/slow'].map(caller);
  for (let version = 1; version <= 10; version += 1) {
    await host.service.setSecret({ ...TOKEN, value: `token-${version}` });
    // A call that comes after the answer has the new token, whatever else is under way.
    const from = seen.length;
    await get(`/after/${version}`);
    expect(seen.slice(from)).toContain(`/after/${version} Bearer token-${version}`);
    const made = calls;
    await eventually(() => calls > made + 4);
  }
  stop = true;
  await Promise.all(callers);
  expect(failed).toEqual([]);
  expect(new Set(seen.map((line) => line.replace(/^.* /, ''))).size).toBe(11);
  await expect(restarts(host, 'api')).resolves.toBe(0);
  expect(host.logText).not.toMatch(/token-\d/);
});
