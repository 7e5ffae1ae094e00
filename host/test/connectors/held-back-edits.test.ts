import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { count, entry, ENTRY, infoOf, openHost } from '../fixtures/counting-host.ts';

describe('an edit of the file', () => {
  it.each([
    ['settings that the kind refuses', entry(', colour: red'), /no colours/],
    ['a kind that there is not', ENTRY.replace('counting', 'counted'), /counted/],
    ['settings with which it cannot connect', entry(', unreachable: true'), /nobody there/],
    ['a secret that cannot be read', entry(', token: "secretref://env/default/NONE"'), /NONE/],
  ])('to %s is held back for that connector alone', async (_what, yaml, reason) => {
    await using it = await openHost();
    await it.service.healthCheck('one');
    expect(await count(it)).toEqual({ count: 1, word: 'kept' });
    await it.writeConfig(`${yaml}  - { id: two, kind: counting, settings: { word: new } }\n`);
    await expect(it.host.reload()).resolves.toMatchObject({
      ok: true,
      added: ['two'],
      updated: [],
      heldBack: [{ id: 'one', reason: expect.stringMatching(reason) }],
    });
    expect(await count(it)).toEqual({ count: 2, word: 'kept' });
    expect(await infoOf(it)).toMatchObject({ status: 'healthy', heldBack: expect.stringMatching(reason) });
    await expect(it.service.plugins()).resolves.toMatchObject({ plugins: [{ status: 'admitted' }] });
    await it.writeConfig(ENTRY);
    await expect(it.host.reload()).resolves.toMatchObject({ ok: true, removed: ['two'], updated: [], heldBack: [] });
    expect((await infoOf(it)).heldBack).toBeUndefined();
    expect(await count(it)).toEqual({ count: 3, word: 'kept' });
  });

  it('that is held back is told to watchers, and so is its end', async () => {
    await using it = await openHost();
    await it.service.healthCheck('one');
    const told: unknown[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      for await (const event of it.service.watch({ signal: stop.signal }))
        if (event.kind === 'updated') told.push(event.connector.heldBack);
    })();
    await it.writeConfig(entry(', colour: red'));
    await it.host.reload();
    await it.writeConfig(ENTRY);
    await it.host.reload();
    stop.abort();
    await watching;
    expect(told).toStrictEqual([expect.stringMatching(/no colours/), undefined]);
  });

  it('of a profile that the kind refuses is held back, also when the worker starts again', async () => {
    const yaml = (word: string): string =>
      `connectors:\n  - { id: one, kind: counting, profile: shared }\nprofiles:\n  shared: { kind: counting, settings: { ${word} } }\n`;
    await using it = await openHost(yaml('word: kept'));
    expect(await count(it)).toEqual({ count: 1, word: 'kept' });
    await it.writeConfig(yaml('colour: red'));
    await expect(it.host.reload()).resolves.toMatchObject({ ok: true, heldBack: [{ id: 'one' }] });
    expect(await count(it)).toEqual({ count: 2, word: 'kept' });
  });

  it('with which one could not connect that nobody knows to be well is taken', async () => {
    await using it = await openHost();
    await it.writeConfig(entry(', unreachable: true'));
    await expect(it.host.reload()).resolves.toMatchObject({ ok: true, updated: ['one'], heldBack: [] });
  });

  it('that puts one to work which did not run is a wish, whatever becomes of it', async () => {
    await using it = await openHost('connectors:\n  - { id: one, kind: counting, enabled: false }\n');
    await it.writeConfig(entry(', colour: red'));
    await expect(it.host.reload()).resolves.toMatchObject({ ok: true, updated: ['one'], heldBack: [] });
  });

  it('that takes away what a connector uses is a wish', async () => {
    const yaml = (enabled: boolean): string =>
      `connectors:\n  - { id: one, kind: counting, profile: shared }\nprofiles:\n  shared: { kind: counting, enabled: ${enabled} }\n`;
    await using it = await openHost(yaml(true));
    await it.service.healthCheck('one');
    await it.writeConfig(yaml(false));
    await expect(it.host.reload()).resolves.toMatchObject({ ok: true, updated: ['one'], heldBack: [] });
    await expect(count(it)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('that disables or removes a connector is a wish', async () => {
    await using it = await openHost(`${ENTRY}  - { id: two, kind: counting }\n`);
    await it.service.healthCheckAll();
    await it.writeConfig('connectors:\n  - { id: one, kind: counting, enabled: false }\n');
    await expect(it.host.reload()).resolves.toMatchObject({ ok: true, updated: ['one'], removed: ['two'] });
    await it.writeConfig('connectors: []\n');
    await expect(it.host.reload()).resolves.toMatchObject({ ok: true, removed: ['one'] });
  });

  it.each([
    ['empties it', ''],
    ['leaves comments alone', '# connectors:\n#   - id: one\n'],
    ['loses its list', 'plugins: { scan: direct }\n'],
    ['loses what is in its list', 'connectors:\n'],
    ['cuts it', `connectors:\n  - id: one\n    kind: counting\n    settings:\n      word: ke`],
  ])('that %s is taken for a mistake', async (_what, text) => {
    const block =
      'connectors:\n  - id: one\n    kind: counting\n    settings:\n      word: kept\n  - id: two\n    kind: counting\n';
    await using it = await openHost(block);
    expect(await count(it)).toEqual({ count: 1, word: 'kept' });
    await it.writeConfig(text);
    const result = await it.host.reload();
    expect(result).toMatchObject({ ok: false, problems: [{ file: expect.stringMatching(/connectors\.yaml$/) }] });
    expect(await count(it)).toEqual({ count: 2, word: 'kept' });
    expect((await it.service.list()).map(({ id }) => id)).toEqual(['one', 'two']);
    expect(it.logText).toMatch(/taken for a mistake/);
  });

  it('that removes it is taken for a mistake', async () => {
    await using it = await openHost();
    expect(await count(it)).toEqual({ count: 1, word: 'kept' });
    await rm(join(it.sandbox.root, 'config', 'connectors.yaml'));
    await expect(it.host.reload()).resolves.toMatchObject({ ok: false, problems: [{ received: 'no such file' }] });
    expect(await count(it)).toEqual({ count: 2, word: 'kept' });
  });

  it('that empties it is taken for a mistake also where it was empty at the start', async () => {
    await using it = await openHost('connectors: []\n');
    await it.writeConfig(ENTRY);
    await expect(it.host.reload()).resolves.toMatchObject({ ok: true, added: ['one'] });
    await it.writeConfig('');
    await expect(it.host.reload()).resolves.toMatchObject({ ok: false, problems: [{ received: 'an empty file' }] });
    expect(await count(it)).toEqual({ count: 1, word: 'kept' });
  });

  it('that writes it anew from the start is taken as it is at the end', async () => {
    const whole = `${ENTRY}  - { id: two, kind: counting }\n`;
    await using it = await openHost(whole);
    await it.writeConfig(ENTRY);
    const reloaded = it.host.reload();
    // Its first part has been read by now; where it has not, nothing is shown and nothing fails.
    await delay(100);
    writeFileSync(join(it.sandbox.root, 'config', 'connectors.yaml'), `${whole}  - { id: three, kind: counting }\n`);
    await expect(reloaded).resolves.toMatchObject({ ok: true, added: ['three'], removed: [] });
  });

  it('that writes a variable where its value stood changes what is shown', async () => {
    const described = (words: string): string =>
      ENTRY.replace('kind: counting', `kind: counting, description: ${words}`);
    await using it = await openHost(described('"${WORDS:-some}"'));
    await it.writeConfig(described('some'));
    await expect(it.host.reload()).resolves.toMatchObject({ ok: true, updated: ['one'] });
  });

  it('that shortens it to whole lines is taken once it is at rest', async () => {
    await using it = await openHost(`${ENTRY}  - { id: two, kind: counting }\n`);
    await it.writeConfig(ENTRY);
    await expect(it.host.reload()).resolves.toMatchObject({ ok: true, removed: ['two'] });
  });
});
