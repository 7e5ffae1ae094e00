import { connect } from '@automate/client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConnectorService, JsonObject } from '@automate/contract';
import { addKeeper } from '../fixtures/add-keeper.ts';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const VALUE = 'canary-stored-4711';
const YAML = `
connectors:
  - { id: own, kind: keeper, auth: { type: bearer, token: secretref://store/team/token } }
  - { id: pinned, kind: keeper, auth: { type: bearer, token: "secretref://store/team/token?version=1" } }
  - { id: shared, kind: keeper, auth: { type: bearer }, profile: prod }
  - { id: other, kind: keeper }
profiles:
  prod: { kind: keeper, environment: prod, secrets: { token: secretref://store/team/shared } }
`;
const TOKEN = { namespace: 'team', name: 'token' };
const SHARED = { namespace: 'team', name: 'shared' };

let host: SandboxHost;
let doors: Readonly<Record<'in process' | 'gRPC' | 'REST', ConnectorService>>;
beforeEach(async () => {
  host = await SandboxHost.open({ kinds: [], yaml: YAML, prepare: addKeeper });
  doors = {
    'in process': host.service,
    gRPC: await connect({ address: host.host.grpcAddress ?? '' }),
    REST: openRestBackend(host.host.httpAddress ?? ''),
  };
});
afterEach(async () => {
  await doors.gRPC.close();
  await host[Symbol.asyncDispose]();
});

/** The token that a connector was given, as it shows by its length: the value itself is masked everywhere. */
const tokenOf = async (id: string): Promise<unknown> =>
  ((await host.service.execute({ id, action: 'lengths' })).result as JsonObject)['token'];

describe.each(['in process', 'gRPC', 'REST'] as const)('secrets of the store, %s', (name) => {
  it('are set, told with who uses them, and removed, and their values are answered by none', async () => {
    const door = doors[name];
    await expect(door.setSecret({ ...TOKEN, value: VALUE })).resolves.toMatchObject({ ...TOKEN, version: 1 });
    await expect(door.setSecret({ ...TOKEN, value: `${VALUE}-2` })).resolves.toMatchObject({ version: 2 });
    await door.setSecret({ ...SHARED, value: VALUE });
    await expect(door.listSecrets()).resolves.toEqual([
      {
        ...SHARED,
        versions: [{ version: 1, createdAt: expect.stringMatching(/^\d{4}-.*Z$/) }],
        usedBy: [{ kind: 'profile', name: 'prod' }],
      },
      {
        ...TOKEN,
        versions: [
          { version: 1, createdAt: expect.any(String) },
          { version: 2, createdAt: expect.any(String) },
        ],
        usedBy: [
          { kind: 'connector', name: 'own' },
          { kind: 'connector', name: 'pinned', version: 1 },
        ],
      },
    ]);
    await expect(door.removeSecret(SHARED)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/team\/shared is used by the profile "prod"/),
      details: { reason: 'secret_in_use', used_by: ['profile prod'] },
    });
    // Its only version is what all have that name none.
    await expect(door.removeSecret({ ...SHARED, version: 1 })).rejects.toMatchObject({
      details: { reason: 'secret_in_use', used_by: ['profile prod'] },
    });
    await expect(door.removeSecret({ ...TOKEN, version: 1 })).rejects.toMatchObject({
      message: expect.stringMatching(/used by the connector "pinned", which/),
    });
    await expect(door.removeSecret({ ...SHARED, force: true })).resolves.toMatchObject(SHARED);
    await expect(door.removeSecret(SHARED)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      details: { reason: 'unknown_secret' },
    });
    await expect(door.setSecret({ namespace: 'connector.own', name: 'x', value: VALUE })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { reason: 'not_owned' },
    });
    expect(JSON.stringify(await door.listSecrets()) + host.logText).not.toContain(VALUE);
  });
});

describe('a secret of the store', () => {
  it('keeps its connector from starting until it is there, and is used from then on', async () => {
    await expect(host.service.execute({ id: 'own', action: 'lengths' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(
        /auth\.token: the secret secretref:\/\/store\/team\/token cannot be read: there is no secret team\/token: set it with "automate secrets set team\/token"/,
      ),
    });
    await host.service.setSecret({ ...TOKEN, value: VALUE });
    await expect(tokenOf('own')).resolves.toBe(VALUE.length);
  });

  it('reaches a connector that runs in its new version, and not one that names the old', async () => {
    await host.service.setSecret({ ...TOKEN, value: VALUE });
    expect([await tokenOf('own'), await tokenOf('pinned')]).toEqual([VALUE.length, VALUE.length]);
    await host.service.setSecret({ ...TOKEN, value: `${VALUE}-longer` });
    expect([await tokenOf('own'), await tokenOf('pinned')]).toEqual([VALUE.length + 7, VALUE.length]);
  });

  it('reaches connectors through their profile', async () => {
    await host.service.setSecret({ ...SHARED, value: VALUE });
    await expect(tokenOf('shared')).resolves.toBe(VALUE.length);
    await host.service.setSecret({ ...SHARED, value: `${VALUE}-longer` });
    await expect(tokenOf('shared')).resolves.toBe(VALUE.length + 7);
  });

  it('outlives the host', async () => {
    await host.service.setSecret({ ...TOKEN, value: VALUE });
    host = await host.restart();
    await expect(tokenOf('own')).resolves.toBe(VALUE.length);
  });

  it('and a key that was lost are told of, and none is made in its place', async () => {
    await host.service.setSecret({ ...TOKEN, value: VALUE });
    await host.sandbox.writeFile('.automate/keys/master.key', `${Buffer.alloc(32, 7).toString('base64')}\n`);
    await expect(host.service.setSecret({ ...TOKEN, value: VALUE })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: { reason: 'master_key' },
      blame: 'operator',
    });
    await expect(host.service.execute({ id: 'own', action: 'lengths' })).rejects.toMatchObject({
      message: expect.stringMatching(/it is sealed under the master key [\da-f]{12}, which is not in/),
    });
  });
});
