import { eventually } from '@automate/tooling/eventually';
import { expect, it } from '@jest/globals';
import pg from 'pg';
import { ModelStore } from '../../bench/placement/model-store.mjs';
import { randomOf } from '../../bench/placement/virtual-time.mjs';
import { lockForConnector } from '../../src/store/postgres/advisory-lock.ts';
import { openPostgresStores } from '../../src/store/postgres/open-postgres-stores.ts';
import type { Beat, HostRow, Placement } from '../../src/store/placement-store.ts';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';

const STEPS = 400;
const rowOf = (id: string, instance: string): HostRow => ({
  ...{ id, instance, name: id, version: '1.0.0', address: `${id}:1`, labels: ['eu'], pid: 1, held: 2, load: 2.5 },
  ...{ memoryBytes: 3, memoryLimitBytes: 5, memoryFreeBytes: 4, isLeaving: id === 'b', digest: '' },
});
const timeless = (placement: Placement | undefined) =>
  placement && { ...placement, movedMsAgo: placement.movedMsAgo === null };

describeWithPostgres('the model of a store by which hosts are simulated', (databases) => {
  it('answers as PostgreSQL does', async () => {
    const url = await databases.create();
    await using stores = await openPostgresStores(url);
    const { placements: store } = stores;
    if (store === undefined) throw new Error('PostgreSQL has placements');
    const model = new ModelStore(() => Date.now());
    const random = randomOf(1);
    const pick = <T>(some: readonly T[]): T => some[Math.floor(random() * some.length)] as T;
    const instances = new Map(['a', 'b', 'c'].map((id) => [id, 0]));
    // By host, what it knows of placements, and how far it has heard, of both.
    const known = new Map(
      [...instances.keys()].map((id) => [
        id,
        { real: new Map<string, unknown>(), modelled: new Map<string, unknown>() },
      ]),
    );
    const seen = new Map<string, { readonly real: string; readonly modelled: string }>();
    let taken = 0;
    for (let step = 0; step < STEPS; step += 1) {
      const id = pick(['a', 'b', 'c']);
      const to = pick(['a', 'b', 'c']);
      const connector = pick(['one', 'two', 'three', 'four']);
      const what = pick([
        'beat',
        'beat',
        'join',
        'take',
        'take',
        'hand',
        'move',
        'release',
        'tell',
        'leave',
        'lapse',
        'find',
      ]);
      const first = what === 'join';
      if (first) instances.set(id, (instances.get(id) ?? 0) + 1);
      const row = rowOf(id, `${id}${instances.get(id)}`);
      const told = new Map([[connector, `health ${step}`]]);
      switch (what) {
        case 'beat':
        case 'join': {
          const options = { first, plugins: undefined, knownSets: [] };
          const before = first ? undefined : seen.get(id);
          const real = await store.beat(row, { ...options, seen: before?.real, onSend: () => undefined });
          const modelled = model.beat(row, { ...options, seen: before?.modelled });
          seen.set(id, { real: real.seen, modelled: modelled.seen });
          const withoutTimes = ({ renewed, living }: Beat) => ({
            renewed,
            living: living.map(({ since: _since, lastBeatAt: _beat, ...rest }) => rest),
          });
          expect([step, withoutTimes(real)]).toEqual([step, withoutTimes(modelled)]);
          for (const each of real.placements) known.get(id)?.real.set(each.connector, timeless(each));
          for (const each of modelled.placements) known.get(id)?.modelled.set(each.connector, timeless(each));
          expect([step, known.get(id)?.real]).toEqual([step, known.get(id)?.modelled]);
          break;
        }
        case 'take': {
          const answer = timeless(await store.take(connector, row));
          expect([step, answer]).toEqual([step, timeless(model.take(connector, row))]);
          if (answer?.host === id) taken += 1;
          break;
        }
        case 'hand':
        case 'move': {
          const hosts = { from: id, to, isMove: what === 'move' };
          expect([step, await store.hand(connector, hosts)]).toEqual([step, model.hand(connector, hosts)]);
          break;
        }
        case 'release':
          await store.release(connector, id);
          model.release(connector, id);
          break;
        case 'tell':
          await store.tellHealth(id, told);
          model.tellHealth(id, told);
          break;
        case 'leave':
          await store.leave(row);
          model.leave(row);
          break;
        case 'lapse': {
          await databases.sql(url, `UPDATE automate.hosts SET expires_at = clock_timestamp() WHERE id = '${id}'`);
          const host = model.hosts.get(id);
          if (host !== undefined) host.expiresAt = 0;
          break;
        }
        case 'find':
          expect([step, timeless(await store.find(connector))]).toEqual([step, timeless(model.find(connector))]);
          break;
        default:
          throw new Error(what);
      }
    }
    expect(taken).toBeGreaterThan(20);
  });

  it('tells hosts also of what was under way as they last heard, and settles who holds a connector with one at a time', async () => {
    const url = await databases.create();
    await using stores = await openPostgresStores(url);
    const { placements: store } = stores;
    if (store === undefined) throw new Error('PostgreSQL has placements');
    const [a, b, c] = ['a', 'b', 'c'].map((id) => rowOf(id, id)) as [HostRow, HostRow, HostRow];
    const plugins = { kinds: ['some'], packages: [], digest: 'some' };
    const beat = (row: HostRow, seen?: string): Promise<Beat> => {
      const [first, knownSets] = [seen === undefined, seen === undefined ? [] : ['some']];
      return store.beat({ ...row, digest: 'some' }, { first, plugins, knownSets, seen, onSend: () => undefined });
    };
    const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
    const holder = new pg.Client(url);
    await holder.connect();
    /** What is answered to what waits until this is over. */
    const behind = async <T>(ask: () => Promise<T>, meanwhile: () => Promise<unknown>): Promise<T> => {
      const answer = ask();
      await eventually(async () => (await databases.sql(url, waiting)).length > 0);
      await meanwhile();
      await holder.query('COMMIT');
      return answer;
    };
    try {
      await Promise.all([beat(a), beat(b), beat(c)]);
      for (const [connector, row] of [
        ['x', a],
        ['y', b],
      ] as const)
        await store.take(connector, row);
      let { seen } = await beat(b);
      // By which the holder itself takes no number.
      await holder.query('BEGIN; LOCK TABLE automate.placements IN SHARE MODE');
      // What has begun earlier ends later, and beats wait for no connection that all others wait for.
      await behind(
        () => Promise.all(Array.from({ length: 8 }, () => store.release('x', 'a'))),
        async () => {
          for (let beats = 0; beats < 2; beats += 1) ({ seen } = await beat(b, seen));
        },
      );
      const { placements, sets } = await beat(b, seen);
      expect(placements.map(({ connector, host }) => [connector, host])).toContainEqual(['x', '']);
      expect(sets).toEqual([]);

      // What was told of one that is held for long.
      ({ seen } = await beat(b, seen));
      await databases.sql(url, `UPDATE automate.placements SET since = since - interval '1 hour'`);
      await store.tellHealth('b', new Map([['y', 'ill']]));
      expect((await beat(b, seen)).placements).toMatchObject([{ connector: 'y', health: 'ill' }]);

      const lock = lockForConnector('x');
      const taken = `UPDATE automate.placements SET host = 'b', fence = fence + 1 WHERE connector = 'x'`;
      await holder.query('BEGIN');
      await holder.query(lock.sql, [...lock.parameters]);
      const answer = await behind(
        () => store.take('x', a),
        () => holder.query(taken),
      );
      expect(answer).toMatchObject({ host: 'b' });
      await holder.query('BEGIN');
      await holder.query(lock.sql, [...lock.parameters]);
      const hosts = { from: 'b', to: 'c', isMove: true };
      const handed = behind(
        () => store.hand('x', hosts),
        () => holder.query(taken.replace(`'b'`, `'a'`)),
      );
      await expect(handed).resolves.toBe(false);
    } finally {
      await holder.end();
    }
  });
});
