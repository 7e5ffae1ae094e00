import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { ConnectorConfigInput } from '@automate/contract';
import { FILE, Race } from '../fixtures/race.ts';

describe('an edit that is being tried out', () => {
  const profile = (settings: object): string =>
    `connectors: []\nprofiles: { shared: { kind: gated, settings: ${JSON.stringify(settings)} } }\n`;
  /** Changes a profile so that its one connector would be refused, and that connector meanwhile. */
  const overtaken = async (race: Race, by: Partial<ConnectorConfigInput>): Promise<unknown> => {
    const { service } = race.it;
    await service.register({ id: 'one', kind: 'gated', profile: 'shared' });
    await race.whose();
    const { settings } = race.slow();
    await race.it.writeConfig(profile({ ...settings, refused: true }));
    const reloaded = race.it.host.reload();
    await race.begun();
    await service.update({ id: 'one', kind: 'gated', profile: 'shared', ...by });
    await race.release();
    return reloaded;
  };

  it('is tried out again where the connector is configured otherwise meanwhile', async () => {
    await using race = await Race.open(profile({ owner: 'before' }));
    const result = await overtaken(race, { settings: { refused: false } });
    expect(result).toMatchObject({ ok: true, updated: ['one'], heldBack: [] });
    await expect(race.whose()).resolves.toEqual({ owner: 'api' });
  });

  it('is a wish where the connector is disabled meanwhile, whatever came of it', async () => {
    await using race = await Race.open(profile({ owner: 'before' }));
    const result = await overtaken(race, { enabled: false });
    expect(result).toMatchObject({ ok: true, updated: ['one'], heldBack: [] });
  });
});

describe('an edit that follows another which is being tried out', () => {
  it('is in force at the end', async () => {
    await using race = await Race.open(FILE);
    await race.whose();
    const { settings } = race.slow();
    const edited = (owner: string, more = {}): string =>
      `connectors:\n  - { id: one, kind: gated, settings: ${JSON.stringify({ ...more, owner })} }\n`;
    await race.it.writeConfig(edited('older', settings));
    const first = race.it.host.reload();
    await race.begun();
    await race.it.writeConfig(edited('newer'));
    const second = race.it.host.reload();
    // Without its turn it would be done by now, which the connector would not stay.
    await delay(200);
    await race.release();
    await Promise.all([first, second]);
    await expect(race.whose()).resolves.toEqual({ owner: 'newer' });
  });
});

describe('an edit that names a registered connector as it is', () => {
  it("makes it the file's", async () => {
    await using race = await Race.open();
    await race.it.service.register({ id: 'one', kind: 'echo' });
    await race.it.writeConfig('connectors:\n  - { id: one, kind: echo }\n');
    await expect(race.it.host.reload()).resolves.toMatchObject({ ok: true, updated: ['one'] });
    await expect(race.it.service.get('one')).resolves.toMatchObject({ connector: { owner: 'file' } });
  });
});
