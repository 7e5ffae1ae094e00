import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FILE, GATED, Race } from '../fixtures/race.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

describe('a registration that is being checked', () => {
  it('is refused when the file brings the same id meanwhile, and the next start changes nothing', async () => {
    await using race = await Race.open();
    const registered = race.it.service.register(race.slow());
    const outcome = registered.catch((error: unknown) => error);
    await race.begun();
    await race.it.writeConfig(FILE);
    await expect(race.it.host.reload()).resolves.toMatchObject({ ok: true, added: ['one'] });
    await race.release();
    await expect(outcome).resolves.toMatchObject({ code: 'ALREADY_EXISTS' });
    await expect(race.whose()).resolves.toEqual({ owner: 'file' });
    await using next = await race.it.restart();
    await expect(race.whose(next)).resolves.toEqual({ owner: 'file' });
    expect(next.host.report.warnings).toEqual([]);
  });

  it('is refused when another one takes the id meanwhile', async () => {
    await using race = await Race.open();
    const outcomes = Promise.allSettled([
      race.it.service.register(race.slow()),
      race.it.service.register({ id: 'one', kind: 'echo' }),
    ]);
    await race.begun();
    await race.release();
    const [first, second] = await outcomes;
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'ALREADY_EXISTS' } });
    await expect(race.whose()).resolves.toEqual({ owner: 'api' });
  });

  it('is refused when its kind goes meanwhile', async () => {
    await using race = await Race.open();
    const outcome = race.it.service.register(race.slow()).catch((error: unknown) => error);
    await race.begun();
    await race.it.sandbox.removePackage('connector-gated');
    await race.it.service.rescanPlugins();
    await race.release();
    await expect(outcome).resolves.toMatchObject({ code: 'INVALID_INPUT', problems: [{ path: 'kind' }] });
    await expect(race.it.service.list()).resolves.toEqual([]);
  });

  it('is checked again when the profile that it uses is another meanwhile', async () => {
    const profile = (word: string): string =>
      `connectors: []\nprofiles:\n  shared: { kind: gated, settings: { ${word}: true } }\n`;
    await using race = await Race.open(profile('fine'));
    const outcome = race.it.service.register(race.slow({ profile: 'shared' })).catch((error: unknown) => error);
    await race.begun();
    await race.it.writeConfig(profile('refused'));
    await expect(race.it.host.reload()).resolves.toMatchObject({ ok: true });
    await race.release();
    await expect(outcome).resolves.toMatchObject({ code: 'INVALID_INPUT', problems: [{ path: 'settings.refused' }] });
    await expect(race.it.service.list()).resolves.toEqual([]);
  });

  it('is checked with its own settings where its profile has others', async () => {
    await using race = await Race.open(
      'connectors: []\nprofiles: { shared: { kind: gated, settings: { refused: true } } }\n',
    );
    const config = { id: 'one', kind: 'gated', profile: 'shared' };
    await expect(race.it.service.register(config)).rejects.toMatchObject({ problems: [{ path: 'settings.refused' }] });
    await race.it.service.register({ ...config, settings: { refused: false } });
  });

  it('is checked again by the version of its kind that takes the place of the other meanwhile', async () => {
    await using race = await Race.open();
    const outcome = race.it.service.register(race.slow()).catch((error: unknown) => error);
    await race.begun();
    await race.it.sandbox.removePackage('connector-gated');
    const stricter = GATED.replace('(value.refused ?? false) === false', "value.owner !== 'api'");
    await race.it.sandbox.addConnector({ kind: 'gated', source: stricter, version: '2.0.0' });
    await race.it.service.rescanPlugins();
    await race.release();
    await expect(outcome).resolves.toMatchObject({ code: 'INVALID_INPUT', problems: [{ path: 'settings.refused' }] });
    await expect(race.it.service.list()).resolves.toEqual([]);
  });

  it('holds up neither calls nor health nor changes of other connectors', async () => {
    await using race = await Race.open('connectors:\n  - { id: calm, kind: echo }\n');
    const { service } = race.it;
    const registered = service.register(race.slow());
    await race.begun();
    await expect(service.execute({ id: 'calm', action: 'count', payload: {} })).resolves.toMatchObject({
      result: { count: 1 },
    });
    await expect(service.healthCheck('calm')).resolves.toMatchObject({ healthy: true });
    await service.register({ id: 'two', kind: 'echo' });
    await service.update({ id: 'two', kind: 'echo', settings: { greeting: 'hi' } });
    await service.remove('two');
    await race.it.writeConfig('connectors:\n  - { id: calm, kind: echo }\n  - { id: three, kind: echo }\n');
    await expect(race.it.host.reload()).resolves.toMatchObject({ ok: true, added: ['three'] });
    await service.rescanPlugins();
    await race.release();
    await expect(registered).resolves.toMatchObject({ id: 'one' });
    expect((await service.list()).map(({ id }) => id)).toEqual(['calm', 'one', 'three']);
  });
});

describe('an update that is being checked', () => {
  const registered = async (): Promise<Race> => {
    const race = await Race.open();
    await race.it.service.register({ id: 'one', kind: 'gated', settings: { owner: 'before' } });
    return race;
  };

  it('is refused when the file takes the connector over meanwhile, which the next start confirms', async () => {
    await using race = await registered();
    const outcome = race.it.service.update(race.slow()).catch((error: unknown) => error);
    await race.begun();
    await race.it.writeConfig(FILE);
    await expect(race.it.host.reload()).resolves.toMatchObject({ ok: true, updated: ['one'] });
    await race.release();
    await expect(outcome).resolves.toMatchObject({ code: 'INVALID_INPUT', details: { reason: 'not_owned' } });
    await expect(race.whose()).resolves.toEqual({ owner: 'file' });
    await using next = await race.it.restart();
    await expect(race.whose(next)).resolves.toEqual({ owner: 'file' });
  });

  it('comes before a removal that was asked for later', async () => {
    await using race = await registered();
    const updated = race.it.service.update(race.slow());
    await race.begun();
    const removed = race.it.service.remove('one');
    await race.release();
    await expect(updated).resolves.toMatchObject({ id: 'one' });
    await expect(removed).resolves.toMatchObject({ id: 'one' });
    await expect(race.it.service.list()).resolves.toEqual([]);
    await using next = await race.it.restart();
    await expect(next.service.list()).resolves.toEqual([]);
  });
});

describe('a release that is being tried out', () => {
  it('brings no connector back that is removed meanwhile', async () => {
    await using race = await Race.open();
    const { service, sandbox } = race.it;
    await service.register({ id: 'one', kind: 'gated', settings: { owner: 'api' } });
    await race.whose();
    await sandbox.removePackage('connector-gated');
    const began = JSON.stringify(race.began);
    const gate = JSON.stringify(join(sandbox.root, 'gate'));
    const waiting = `while (!existsSync(${gate})) { writeFileSync(${began}, ''); await delay(5); }\n`;
    const source = GATED.replace('export default', `${waiting}export default`);
    await sandbox.addConnector({ kind: 'gated', source, version: '2.0.0' });
    const scanned = service.rescanPlugins();
    await race.begun();
    await service.remove('one');
    await race.release();
    await scanned;
    await expect(service.list()).resolves.toEqual([]);
    await expect(race.whose()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('an update', () => {
  it('starts a connector anew, also where it says the same', async () => {
    await using race = await Race.open();
    const { service } = race.it;
    await service.register({ id: 'one', kind: 'echo' });
    const count = async () => (await service.execute({ id: 'one', action: 'count', payload: {} })).result;
    expect([await count(), await count()]).toEqual([{ count: 1 }, { count: 2 }]);
    await service.update({ id: 'one', kind: 'echo' });
    expect(await count()).toEqual({ count: 1 });
  });
});

describe('a removal of a registered connector', () => {
  it('brings forth the one that its kind asks for without configuration', async () => {
    await using it = await SandboxHost.open({ kinds: [] });
    await it.sandbox.addConnector({ kind: 'gated', source: GATED });
    await it.service.rescanPlugins();
    await it.service.register({ id: 'gated', kind: 'gated', settings: { owner: 'api' } });
    await it.sandbox.addConnector({ kind: 'gated', source: GATED, manifest: { autoconfigure: true } });
    await it.service.rescanPlugins();
    await it.service.remove('gated');
    expect((await it.service.list()).map(({ id, owner }) => [id, owner])).toEqual([['gated', 'plugin']]);
  });
});
