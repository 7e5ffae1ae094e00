import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from '@jest/globals';
import { count, openHost, source } from '../fixtures/counting-host.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

/** A connector that shows what it was given. */
const open = (yaml: string): Promise<SandboxHost> =>
  SandboxHost.open({
    kinds: [],
    yaml,
    prepare: async (sandbox) =>
      void (await sandbox.addConnector({
        kind: 'counting',
        source: source({
          connect: 'if (this.context.settings.token !== "given-to-mine") throw new Error("no token"); return true;',
        }),
      })),
  });

/** The secrets of killed registrations are dropped an hour after they were stored. */
function makeSecretsOld({ sandbox }: SandboxHost): void {
  using database = new DatabaseSync(join(sandbox.root, '.automate', 'connectors.db'));
  database.exec(`UPDATE secrets SET created_at = '2020-01-01T00:00:00.000Z'`);
}

const REGISTERED = { id: 'mine', kind: 'counting', settings: { token: 'given-to-mine' } };
const SAID = expect.stringMatching(
  /"mine" is registered over the API and also stands in .*automate connectors remove mine/,
);

describe('a registration that the file has taken over', () => {
  it('is told of by plan and apply, comes back with the former file, and goes when it is removed: the file goes on', async () => {
    await using first = await open('connectors: []\n');
    await first.service.register(REGISTERED);
    const { yaml } = await first.service.exportConfig();
    await expect(first.service.planConfig({ yaml })).resolves.toMatchObject({ warnings: [SAID], problems: [] });
    await expect(first.service.applyConfig({ yaml })).resolves.toMatchObject({ warnings: [SAID] });
    await expect(first.service.planConfig()).resolves.toMatchObject({ connectors: [], warnings: [SAID] });
    // The way back.
    await first.service.applyConfig({ yaml: 'connectors: []\n' });
    expect((await first.service.get('mine')).connector.owner).toBe('api');
    await first.service.applyConfig({ yaml });
    await expect(first.service.remove('mine')).resolves.toMatchObject({
      id: 'mine',
      message: expect.stringContaining('configuration file goes on'),
    });
    await expect(first.service.planConfig()).resolves.toMatchObject({ connectors: [], warnings: [] });
    expect((await first.service.get('mine')).connector).toMatchObject({ owner: 'file' });
    await expect(first.service.remove('mine')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    makeSecretsOld(first);
    await using second = await first.restart();
    await expect(second.service.healthCheck('mine')).resolves.toMatchObject({ status: 'healthy' });
    const gone = await second.service.planConfig({ yaml: 'connectors: []\n' });
    expect(gone.connectors).toMatchObject([{ id: 'mine', change: 'removed' }]);
  });

  it('leaves its secrets to connectors of the file that have another id', async () => {
    await using first = await open('connectors: []\n');
    await first.service.register(REGISTERED);
    const { yaml } = await first.service.exportConfig();
    await first.service.applyConfig({ yaml: yaml.replace('id: mine', 'id: ours').replace(/\?version=\d+/, '') });
    await first.service.remove('mine');
    await first.service.register({ ...REGISTERED, settings: { token: 'given-to-mine', more: 1 } });
    await first.service.remove('mine');
    makeSecretsOld(first);
    await using second = await first.restart();
    await expect(second.service.healthCheck('ours')).resolves.toMatchObject({ status: 'healthy' });
    // What nobody names any more goes.
    await second.writeConfig('connectors: []\n');
    await using third = await second.restart();
    await expect(third.service.listSecrets()).resolves.toEqual([]);
  });

  it('may be a profile', async () => {
    await using first = await openHost('connectors: []\n', true);
    await first.service.setProfile({
      name: 'shared',
      kind: 'counting',
      settings: { word: 'ours' },
      secrets: { key: 'a-secret-key' },
    });
    const { yaml } = await first.service.exportConfig();
    const profile = yaml.replace('connectors: []', 'connectors:\n  - { id: user, kind: counting, profile: shared }');
    const said = expect.stringMatching(
      /"shared" was set over the API and also stands in .*automate profiles remove shared/,
    );
    await expect(first.service.applyConfig({ yaml: profile })).resolves.toMatchObject({ warnings: [said] });
    await first.service.removeProfile('shared');
    await expect(first.service.planConfig()).resolves.toMatchObject({ connectors: [], warnings: [] });
    makeSecretsOld(first);
    await using second = await first.restart();
    await expect(count(second, 'user')).resolves.toMatchObject({ word: 'ours' });
  });
});
