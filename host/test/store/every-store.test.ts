// Long, as all that a host keeps is held here, one test for each store, in both makes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { OutcomeClaim } from '../../dist/store/outcome-store.js';
import type { StorePlace } from '../../dist/store/open-stores.js';
import { openStores } from '../../dist/store/open-stores.js';
import type { KeptSchedule } from '../../dist/store/schedule-store.js';
import type { Stores } from '../../dist/store/stores.js';
import { describeEachStore } from '../fixtures/postgres-databases.ts';

describeEachStore('what a host keeps', (makePlace) => {
  let place: StorePlace;
  let stores: Stores;
  beforeEach(async () => {
    place = { dataDir: mkdtempSync(join(tmpdir(), 'automate-stores-')), ...(await makePlace()) };
    stores = await openStores(place);
  });
  afterEach(async () => {
    await stores.close();
    rmSync(place.dataDir, { recursive: true, force: true });
  });
  /** Ends what is open, and opens it anew. */
  const reopen = async (): Promise<Stores> => {
    await stores.close();
    return (stores = await openStores(place));
  };

  it('gives connectors back in the order of their bytes, as they were put, and the newer of two', async () => {
    const { connectors } = stores;
    const config = { id: 'b', name: 'a \u0000 😀 \u202e', deep: [1, 2.5e300, null, { '': '' }] };
    await connectors.put('b', config, undefined, true);
    for (const id of ['a', 'B', 'a-b', 'a_b']) await connectors.put(id, { id });
    await connectors.put('a', { id: 'a', name: 'newer' });
    const again = (await reopen()).connectors;
    await expect(again.put('a', { id: 'a', name: 'third' }, 'absent')).resolves.toBe(false);
    await expect(again.put('c', { id: 'c' }, 'absent')).resolves.toBe(true);
    const rows = await again.load();
    expect(rows.map(({ id }) => id)).toEqual(['B', 'a', 'a-b', 'a_b', 'b', 'c']);
    expect(rows.find(({ id }) => id === 'a')).toMatchObject({ config: { id: 'a', name: 'newer' }, anyAddress: false });
    expect(rows.find(({ id }) => id === 'b')).toEqual({
      id: 'b',
      config,
      anyAddress: true,
      anyPath: false,
      sealed: true,
      updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
    expect([await again.delete('a'), await again.delete('a')]).toEqual([true, false]);
  });

  it('has one of many that put the same connector at the same time come first', async () => {
    const other = await openStores(place);
    const puts = Array.from({ length: 20 }, (_each, index) =>
      (index % 2 === 0 ? stores : other).connectors.put('same', { id: 'same', index }, 'absent'),
    );
    const done = await Promise.all(puts);
    expect(done.filter((first) => first)).toHaveLength(1);
    expect(await stores.connectors.load()).toMatchObject([{ config: { index: done.indexOf(true) } }]);
    await other.close();
  });

  it('gives back profiles, overlays and what remote systems offered', async () => {
    await stores.profiles.put('z', { kind: 'echo' });
    await stores.profiles.put('a', { kind: 'old' });
    await stores.profiles.put('a', { kind: 'new' });
    await stores.overlays.put('x', { enabled: false, logLevel: 'debug', pausedSince: '2026-01-02T03:04:05.678Z' });
    await stores.overlays.put('y', { enabled: true });
    await stores.overlays.put('z', { enabled: true });
    await stores.overlays.put('z', {});
    const discovery = { revision: 'r1', discoveredAt: '2026-01-02T03:04:05.678Z' };
    const found = { actions: [{ name: 'do' }], discovery } as never as { actions: never; discovery: never };
    await stores.discoveries.put({ connector: 'x', configSha256: 'old', ...found });
    await stores.discoveries.put({ connector: 'x', configSha256: 'new', ...found });
    await stores.discoveries.put({ connector: 'y', configSha256: 'y', ...found });
    const { profiles, overlays, discoveries } = await reopen();
    expect(await profiles.load()).toEqual([
      { name: 'a', config: { kind: 'new' } },
      { name: 'z', config: { kind: 'echo' } },
    ]);
    expect([await profiles.delete('z'), await profiles.delete('z')]).toEqual([true, false]);
    expect(new Map(await overlays.load())).toEqual(
      new Map([
        ['x', { enabled: false, logLevel: 'debug', pausedSince: '2026-01-02T03:04:05.678Z' }],
        ['y', { enabled: true }],
      ]),
    );
    expect(await discoveries.find('x')).toEqual({ connector: 'x', configSha256: 'new', ...found });
    await discoveries.keepOnly(['x', 'z']);
    await expect(discoveries.find('x')).resolves.toMatchObject({ connector: 'x' });
    await expect(discoveries.find('y')).resolves.toBeUndefined();
    await discoveries.keepOnly([]);
    expect(await discoveries.find('x')).toBeUndefined();
  });

  it('gives tokens back, the oldest first, and revokes one once', async () => {
    const hash = Buffer.from(Array.from({ length: 32 }, (_each, index) => index * 8));
    const late = { id: 'b', name: 'late', scopes: ['admin'], hash, createdAt: '2026-01-03T00:00:00.001Z' };
    const early = {
      ...late,
      id: 'c',
      name: 'early',
      createdAt: '2026-01-02T00:00:00.000Z',
      expiresAt: '2027-01-01T00:00:00.000Z',
    };
    await stores.tokens.add(late);
    await stores.tokens.add(early);
    await expect(stores.tokens.add(late)).rejects.toMatchObject({ code: 'UNAVAILABLE', effect: 'none' });
    const { tokens } = await reopen();
    const kept = await tokens.load();
    expect(kept.map(({ hash: bytes, ...rest }) => ({ ...rest, hash: Buffer.from(bytes) }))).toEqual([early, late]);
    const revokedAt = '2026-02-01T00:00:00.000Z';
    expect([await tokens.revoke('b', revokedAt), await tokens.revoke('b', revokedAt)]).toEqual([true, false]);
    expect((await tokens.load())[1]).toMatchObject({ id: 'b', revokedAt });
  });

  it('gives schedules back in order of name, and changes one only where it is as it was read', async () => {
    const other = await openStores(place);
    const schedule = (name: string, more: object = {}) => ({
      ...{ name, connector: 'x', action: 'do', principal: 'p', scopes: ['execute'] as const, payload: 'AA==' },
      ...{ cron: '* * * * *', timeZone: 'UTC', priority: 0, createdAt: 1, nextAt: 1_000 },
      ...more,
    });
    const odd = schedule('b', {
      action: 'a \u0000 😀',
      runTimeoutMs: 5,
      pausedSince: 7,
      lastAt: 3,
      lastExecution: 'e',
    });
    await expect(stores.schedules.put(odd, undefined)).resolves.toBe(true);
    const many = Array.from({ length: 20 }, (_each, index) => schedule('B', { createdAt: index }));
    const adds = await Promise.all(
      many.map((each, index) => (index % 2 === 0 ? stores : other).schedules.put(each, undefined)),
    );
    expect(adds.filter((added) => added)).toHaveLength(1);
    const first = withoutPayload(many.at(adds.indexOf(true)) ?? odd);
    const { schedules } = await reopen();
    expect(await schedules.load()).toEqual([first, withoutPayload(odd)]);
    await expect(schedules.payload(withoutPayload(odd))).resolves.toBe(odd.payload);
    // One that is put without its payload keeps it.
    const changed = { ...withoutPayload(odd), priority: 1 };
    await expect(schedules.put(changed, withoutPayload(odd))).resolves.toBe(true);
    await expect(schedules.payload(changed)).resolves.toBe(odd.payload);
    await expect(schedules.payload(withoutPayload(odd))).resolves.toBeUndefined();
    await expect(schedules.put(withoutPayload(odd), changed)).resolves.toBe(true);
    const second = schedule('B', { priority: 2 });
    const replaced = await Promise.all(
      [schedules, other.schedules].map((each) => each.put({ ...second, createdAt: 99 }, first)),
    );
    expect(replaced.toSorted()).toEqual([false, true]);
    const third = withoutPayload({ ...second, createdAt: 99 });
    const to = { nextAt: 2_000, lastAt: 1_000, lastExecution: 'x' };
    const advanced = await Promise.all([schedules, other.schedules].map((each) => each.advance('B', third.nextAt, to)));
    expect(advanced.toSorted()).toEqual([false, true]);
    // It has come further than what was read.
    await expect(other.schedules.put({ ...third, pausedSince: 1 }, third)).resolves.toBe(false);
    expect(await other.schedules.load()).toEqual([{ ...third, ...to }, withoutPayload(odd)]);
    await expect(schedules.delete(withoutPayload(second))).resolves.toBe(false);
    expect([await schedules.delete(third), await schedules.delete(third)]).toEqual([true, false]);
    await expect(schedules.put(third, third)).resolves.toBe(false);
    await expect(schedules.advance('B', third.nextAt, to)).resolves.toBe(false);
    expect(await other.schedules.load()).toEqual([withoutPayload(odd)]);
    await other.close();
  });

  it('numbers the versions of a secret without a gap, however many add to it at the same time', async () => {
    const secret = { namespace: 'n', name: 'token' };
    const other = await openStores(place);
    const sealed = (version: number) => ({
      keyId: 'k1',
      dataKey: Buffer.from([version]),
      sealed: Buffer.from([version, 0, 255]),
    });
    const versions = await Promise.all(
      Array.from({ length: 20 }, (_each, index) => (index % 2 === 0 ? stores : other).secrets.add(secret, sealed)),
    );
    await other.close();
    expect(versions.toSorted((one, two) => one - two)).toEqual(Array.from({ length: 20 }, (_each, index) => index + 1));
    const { secrets } = stores;
    const fault = new Error('no key');
    const throws = (): never => {
      throw fault;
    };
    await expect(secrets.add(secret, throws)).rejects.toBe(fault);
    await expect(secrets.rewrap({ ...secret, version: 20 }, throws)).rejects.toBe(fault);
    await expect(secrets.withKeyIds(throws)).rejects.toBe(fault);
    expect(Buffer.from((await secrets.read(secret))?.sealed ?? [])).toEqual(Buffer.from([20, 0, 255]));
    expect(await secrets.read(secret, 21)).toBeUndefined();
    await expect(
      secrets.rewrap({ ...secret, version: 3 }, ({ keyId }) => ({ keyId: `${keyId}+`, dataKey: Buffer.from('w') })),
    ).resolves.toBe(true);
    await expect(secrets.rewrap({ ...secret, version: 99 }, throws)).resolves.toBe(false);
    await expect(secrets.withKeyIds((ids) => [...ids].toSorted())).resolves.toEqual(['k1', 'k1+']);
    expect((await secrets.list()).slice(2, 4)).toMatchObject([
      { ...secret, version: 3, keyId: 'k1+' },
      { ...secret, version: 4, keyId: 'k1' },
    ]);
    expect([await secrets.remove(secret, 3), await secrets.remove(secret, 3), await secrets.remove(secret)]).toEqual([
      1, 0, 19,
    ]);
  });

  const claim = (key: string, more: Partial<OutcomeClaim> = {}): OutcomeClaim => ({
    connector: 'x',
    principal: 'local',
    key,
    action: 'do',
    payloadSha256: 'aa',
    ...more,
  });
  const succeeded = (text: string, expiresAt = Date.now() + 60_000) =>
    ({ status: 'succeeded', attempts: 2, text, expiresAt }) as const;

  it('makes one call for a key, of many that come at the same time through two hosts, and keeps its end', async () => {
    const other = await openStores(place);
    const claims = Array.from({ length: 40 }, (_each, index) =>
      (index % 2 === 0 ? stores : other).outcomes.begin(claim(`k${index % 4}`)),
    );
    const found = await Promise.all(claims);
    expect(found.filter((outcome) => outcome === undefined)).toHaveLength(4);
    expect(new Set(found.map((outcome) => outcome?.status))).toEqual(new Set([undefined, 'running']));
    const owners = [0, 1, 2, 3].map((key) => {
      const first = found.findIndex((outcome, index) => index % 4 === key && outcome === undefined);
      return first % 2 === 0 ? stores : other;
    });
    const expiresAt = Date.now() + 60_000;
    for (const [key, owner] of owners.entries())
      await owner.outcomes.end(claim(`k${key}`), succeeded(`"${key}" 😀 \\ {}`, expiresAt));
    for (const each of [stores, other])
      await expect(each.outcomes.begin(claim('k1'))).resolves.toEqual({
        action: 'do',
        payloadSha256: 'aa',
        status: 'succeeded',
        attempts: 2,
        text: '"1" 😀 \\ {}',
        startedAt: expect.any(Number),
        endedAt: expect.any(Number),
        expiresAt,
      });
    await other.close();
    await expect((await reopen()).outcomes.find(claim('k2'))).resolves.toMatchObject({ status: 'succeeded' });
  });

  it('takes a place anew whose outcome has expired, was cleared, or came to nothing', async () => {
    const { outcomes } = stores;
    await outcomes.begin(claim('expired'));
    await outcomes.end(claim('expired'), succeeded('1', Date.now() - 1));
    await outcomes.begin(claim('nothing'));
    await outcomes.end(claim('nothing'), 'nothing');
    await outcomes.begin(claim('cleared'));
    await expect(outcomes.clear(claim('cleared'))).resolves.toMatchObject({ status: 'running' });
    await outcomes.end(claim('cleared'), { ...succeeded('1'), status: 'failed', resultSha256: 'ff' });
    await expect(outcomes.clear(claim('cleared'))).resolves.toMatchObject({ status: 'failed', resultSha256: 'ff' });
    for (const key of ['expired', 'nothing', 'cleared']) {
      await expect(outcomes.find(claim(key))).resolves.toBeUndefined();
      await expect(outcomes.begin(claim(key))).resolves.toBeUndefined();
    }
    await expect(outcomes.begin(claim('cleared', { connector: 'y' }))).resolves.toBeUndefined();
    await expect(outcomes.begin(claim('cleared', { principal: 'other' }))).resolves.toBeUndefined();
  });

  it('knows nothing of what a host left unfinished when it ended, until that is cleared or its connector is gone', async () => {
    await stores.outcomes.begin(claim('left'));
    await stores.outcomes.begin(claim('left', { connector: 'gone' }));
    await stores.outcomes.begin(claim('kept', { connector: 'gone' }));
    await stores.outcomes.end(claim('kept', { connector: 'gone' }), succeeded('1'));
    const { outcomes } = await reopen();
    const unknown = await outcomes.begin(claim('left'));
    expect(unknown).toMatchObject({ status: 'unknown', startedAt: expect.any(Number) });
    expect(unknown).not.toHaveProperty('endedAt');
    expect(unknown).not.toHaveProperty('expiresAt');
    await expect(outcomes.find(claim('left', { connector: 'gone' }))).resolves.toMatchObject({ status: 'unknown' });
    const expiresAt = Date.now() + 60_000;
    await outcomes.age(['x'], expiresAt);
    await expect(outcomes.find(claim('left', { connector: 'gone' }))).resolves.toMatchObject({ expiresAt });
    await expect(outcomes.find(claim('left'))).resolves.not.toHaveProperty('expiresAt');
    await outcomes.age(['x', 'gone'], expiresAt);
    await expect(outcomes.find(claim('left', { connector: 'gone' }))).resolves.not.toHaveProperty('expiresAt');
    await outcomes.forget('gone');
    await expect(outcomes.find(claim('left', { connector: 'gone' }))).resolves.toBeUndefined();
    await expect(outcomes.find(claim('kept', { connector: 'gone' }))).resolves.toBeUndefined();
    await expect(outcomes.clear(claim('left'))).resolves.toMatchObject({ status: 'unknown' });
    await expect(outcomes.begin(claim('left'))).resolves.toBeUndefined();
  });

  it('lets no call fail others that are written down at the same time, whatever it calls its action', async () => {
    const { outcomes, executions } = stores;
    const names = ['odd', 'plain', 'other'];
    const action = 'a \u0000 b';
    const claims = names.map((name) => outcomes.begin(claim(name, name === 'odd' ? { action } : {})));
    await expect(Promise.all(claims)).resolves.toEqual([undefined, undefined, undefined]);
    await outcomes.end(claim('odd'), 'nothing');
    await expect(outcomes.find(claim('odd'))).resolves.toBeUndefined();
    await expect(outcomes.find(claim('plain'))).resolves.toMatchObject({ status: 'running' });
    const given = {
      connector: 'x',
      principal: 'p',
      scopes: [],
      payload: Buffer.from('x'),
      payloadSha256: 'aa',
      priority: 0,
    };
    await expect(executions.enqueue({ ...given, id: 'one', action })).resolves.toMatchObject({ as: 'new' });
  });
});

/** As it is read with all others. */
function withoutPayload({ payload: _payload, ...schedule }: KeptSchedule): KeptSchedule {
  return schedule;
}
