// Long, as all that one host makes of what it holds is looked at over the same few hosts.
import type { ConnectorService } from '@automate/contract';
import { UnavailableError } from '@automate/contract';
import { expect, it } from '@jest/globals';
import { ModelStore } from '../../bench/placement/model-store.mjs';
import { VirtualTime } from '../../bench/placement/virtual-time.mjs';
import { Cluster } from '../../src/cluster/cluster.ts';
import { HELD_MS } from '../../src/cluster/held-lease.ts';
import { passOn } from '../../src/cluster/pass-on.ts';
import type { Peers } from '../../src/cluster/peers.ts';
import type { PlacementStore } from '../../src/store/placement-store.ts';

const GIB = 2 ** 30;
const MEMORY = { memoryBytes: GIB, memoryLimitBytes: 4 * GIB, memoryFreeBytes: 2 * GIB };

/** Hosts over a store that answers when a test says, in time that passes only as it is run. */
class Scene {
  readonly time = new VirtualTime();
  readonly model = new ModelStore(() => this.time.now);

  async run(ms: number): Promise<void> {
    await this.time.runUntil(this.time.now + ms);
    await new Promise(setImmediate);
  }

  /** What comes of it, within ten seconds. */
  async done<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const over = (): void => void (isOver = true);
    work.then(over, over);
    for (let ms = 0; ms < 10_000 && !isOver; ms += 1) await this.run(1);
    if (!isOver) throw new Error('nothing has come of it');
    return work;
  }

  holderOf(connector: string): string | undefined {
    return this.model.placements.get(connector)?.host;
  }

  async start(id: string): Promise<Host> {
    const host = new Host(this, id);
    await this.done(host.cluster.join(`${id}:1`));
    return host;
  }
}

class Host {
  readonly cluster: Cluster;
  /** What it was told, in order: that its lease was lost or is back, and what it has to end. */
  readonly told: string[] = [];
  readonly asked: string[] = [];
  /** What it was to let go of, and whether it does. */
  readonly letGo: { readonly connector: string; readonly force: boolean }[] = [];
  lets: (connector: string, force: boolean) => Promise<boolean> = async () => true;
  lacksKind = false;
  isReached = true;
  /** How long the store is not asked yet, as all connections are busy, and how long its answer takes, in milliseconds. */
  waitsMs = 0;
  answersMs = 1;

  constructor({ time, model }: Scene, id: string) {
    const ask = async <T>(what: string, work: () => T, onSend?: () => void): Promise<T> => {
      this.asked.push(what);
      await time.delay(this.waitsMs);
      onSend?.();
      await time.delay(1);
      if (!this.isReached) throw new UnavailableError('the store is away', { details: { reason: 'store_lost' } });
      const answer = work();
      await time.delay(this.answersMs);
      return answer;
    };
    const store: PlacementStore = {
      beat: (host, options) => ask('beat', () => model.beat(host, options), options.onSend),
      find: (connector) => ask('find', () => model.find(connector)),
      take: (connector, host) => ask('take', () => model.take(connector, host)),
      hand: (connector, hosts) => ask('hand', () => model.hand(connector, hosts)),
      release: (connector, host) => ask('release', () => model.release(connector, host)),
      tellHealth: (host, health) => ask('tellHealth', () => model.tellHealth(host, health)),
      leave: (host) => ask('leave', () => model.leave(host)),
      now: () => time.now,
      close: async () => undefined,
    };
    this.cluster = new Cluster({
      store,
      clock: {
        now: () => time.now,
        after: (ms, run) => time.after(ms, run),
        every(ms, run) {
          let stop = (): void => undefined;
          const next = (): void => {
            stop = time.after(ms, () => {
              next();
              run();
            });
          };
          next();
          return () => stop();
        },
      },
      host: { id, name: id, version: '1.0.0', labels: [], pid: 1 },
      memory: () => MEMORY,
      labelsOf: () => [],
      kindOf: () => 'some',
      lacksKind: () => this.lacksKind,
      plugins: () => ({ kinds: ['some'], packages: [], digest: 'some' }),
      useOf: () => ({ memoryBytes: 0, calls: 0, inFlight: 0 }),
      healthOf: () => undefined,
      letGo: (connector, { force }) => {
        this.letGo.push({ connector, force });
        return this.lets(connector, force);
      },
      onDrift: () => undefined,
      onConfigDrift: () => undefined,
      onNews: () => undefined,
      onLost: (connectors) => this.told.push(`end ${connectors.join()}`),
      onLease: (lost) => this.told.push(lost === undefined ? 'back' : `lost: ${lost.message}`),
    });
  }
}

const HERE = { here: true };
const ANYWHERE = { here: false };
const moved = expect.objectContaining({ code: 'UNAVAILABLE', details: { reason: 'moved' } });

it('holds nothing for longer than the store knows of: from when that was asked on, however late it answers', async () => {
  const scene = new Scene();
  const a = await scene.start('a');
  await expect(scene.done(a.cluster.find('x', ANYWHERE))).resolves.toEqual({ mine: true });
  // Of the time that it waits for a connection nothing is lost, and by the time that the answer takes nothing is won.
  [a.waitsMs, a.answersMs] = [700, 700];
  const beats = () => a.asked.filter((what) => what === 'beat').length;
  while (beats() < 2) await scene.run(1);
  const sentAt = scene.time.now + a.waitsMs;
  await scene.time.runUntil(sentAt + 100);
  a.isReached = false;
  await scene.time.runUntil(sentAt + HELD_MS - 20);
  expect([a.cluster.holds('x'), a.told]).toEqual([true, []]);
  expect(a.cluster.heldForMs('x')).toBeLessThanOrEqual(20);
  await scene.time.runUntil(sentAt + HELD_MS + 20);
  expect([a.cluster.holds('x'), a.cluster.heldForMs('x')]).toEqual([false, 0]);
  const lost = expect.stringMatching(/^lost: /);
  expect(a.told).toEqual(['end x', lost]);
  await scene.run(5_000);
  [a.isReached, a.waitsMs, a.answersMs] = [true, 0, 1];
  await scene.run(2_000);
  expect(a.told).toEqual(['end x', lost, 'back']);
});

it('holds nothing any more once another process has its id', async () => {
  const scene = new Scene();
  const former = await scene.start('a');
  await scene.done(former.cluster.find('x', ANYWHERE));
  const next = await scene.start('a');
  await expect(scene.done(next.cluster.find('x', ANYWHERE))).resolves.toEqual({ mine: true });
  await scene.run(HELD_MS + 1_000);
  expect([former.cluster.holds('x'), next.cluster.holds('x')]).toEqual([false, true]);
  expect(former.told).toContain('end x');
  expect(former.told.filter((what) => what.startsWith('lost'))).toHaveLength(1);
  await scene.done(former.cluster.close());
  expect(scene.model.hosts.has('a')).toBe(true);
});

it('takes nothing by an answer that comes after its lease has lapsed, and asks once for those who ask at the same time', async () => {
  const scene = new Scene();
  const a = await scene.start('a');
  a.answersMs = HELD_MS + 500;
  const taking = Promise.allSettled(['x', 'x', 'x'].map((connector) => a.cluster.find(connector, ANYWHERE)));
  await scene.run(10);
  a.isReached = false;
  await scene.run(2 * HELD_MS);
  expect(await taking).toMatchObject(['x', 'x', 'x'].map(() => ({ status: 'rejected', reason: moved })));
  expect(a.asked.filter((what) => what === 'take')).toHaveLength(1);
  expect(a.cluster.holds('x')).toBe(false);
});

it('gives what it holds to others as it ends, and takes nothing more', async () => {
  const scene = new Scene();
  const [a, b] = [await scene.start('a'), await scene.start('b')];
  await scene.run(1_500);
  for (const connector of ['x', 'y']) await scene.done(a.cluster.find(connector, HERE));
  let wasTold: boolean | undefined;
  a.lets = async () => {
    wasTold = scene.model.hosts.get('a')?.row.isLeaving;
    await scene.time.delay(500);
    return true;
  };
  await scene.done(a.cluster.leave());
  expect(wasTold).toBe(true);
  expect(a.letGo.toSorted((one, other) => (one.connector < other.connector ? -1 : 1))).toEqual(
    ['x', 'y'].map((connector) => ({ connector, force: true })),
  );
  expect(['x', 'y'].map((connector) => scene.model.placements.get(connector))).toEqual(
    ['x', 'y'].map(() => expect.objectContaining({ host: 'b', movedAt: undefined })),
  );
  // The other one takes them up before anybody asks for them.
  await scene.run(1_500);
  expect(['x', 'y'].map((connector) => b.cluster.holds(connector))).toEqual([true, true]);
  await scene.done(b.cluster.close());
  await scene.run(5_000);
  await expect(scene.done(a.cluster.find('z', HERE))).rejects.toEqual(moved);
  expect([scene.holderOf('z'), b.cluster.holds('x')]).toEqual([undefined, false]);
  await scene.done(a.cluster.close());
  expect(scene.model.hosts.size).toBe(0);
});

it('leaves to anybody what it was to give to a host that is gone by then, and what it was given and cannot run', async () => {
  const scene = new Scene();
  const [a, b] = [await scene.start('a'), await scene.start('b')];
  await scene.run(1_500);
  await scene.done(a.cluster.find('x', HERE));
  await scene.done(a.cluster.find('y', HERE));
  b.lacksKind = true;
  scene.model.hand('y', { from: 'a', to: 'b', isMove: false });
  await scene.run(2_500);
  expect(scene.holderOf('y')).toBe('');
  a.lets = async () => {
    Object.assign(scene.model.hosts.get('b') ?? {}, { expiresAt: 0 });
    return true;
  };
  await scene.done(a.cluster.leave());
  expect([scene.holderOf('x'), a.cluster.holds('x')]).toEqual(['', false]);
});

it('believes what is asked for here more than what it last heard, and lets go of what is removed', async () => {
  const scene = new Scene();
  const [a, b] = [await scene.start('a'), await scene.start('b')];
  await scene.run(1_500);
  await scene.done(b.cluster.find('x', HERE));
  await scene.run(1_500);
  expect(a.cluster.holderOf('x')).toBe('b');
  await scene.done(b.cluster.release('x'));
  expect(scene.holderOf('x')).toBe('');
  await expect(scene.done(a.cluster.find('x', HERE))).resolves.toEqual({ mine: true });
  a.lacksKind = true;
  await scene.done(a.cluster.release('x'));
  const taken = scene.done(a.cluster.find('x', ANYWHERE));
  await expect(taken).resolves.toMatchObject({ mine: false, host: { id: 'b' } });
});

it('gives away one at a time to even out, and leaves what is busy for a minute, unless it ends', async () => {
  const scene = new Scene();
  const a = await scene.start('a');
  const all = Array.from({ length: 8 }, (_, index) => `c${index}`);
  for (const connector of all) await scene.done(a.cluster.find(connector, HERE));
  await scene.start('b');
  let underWay = 0;
  let most = 0;
  a.lets = async (_connector, force) => {
    underWay += 1;
    if (!force) most = Math.max(most, underWay);
    await scene.time.delay(1_500);
    underWay -= 1;
    return force;
  };
  await scene.run(40_000);
  const tried = a.letGo.map(({ connector }) => connector);
  expect(tried.length).toBeGreaterThan(3);
  expect(new Set(tried).size).toBe(tried.length);
  expect(most).toBe(1);
  await scene.done(a.cluster.leave());
  expect(all.map((connector) => scene.holderOf(connector))).toEqual(all.map(() => 'b'));
});

it('passes no call further that another host has passed on: that one learns who holds the connector', async () => {
  const scene = new Scene();
  const [a, b] = [await scene.start('a'), await scene.start('b')];
  await scene.run(1_500);
  await scene.done(b.cluster.find('x', HERE));
  const service = passOn({} as ConnectorService, {
    cluster: a.cluster,
    peers: { hasPassedOn: () => true } as unknown as Peers,
    isPlaced: () => true,
    isKnown: () => true,
    trace: () => undefined,
  });
  const call = service.executeText({ id: 'x', action: 'read', payload: '{}' });
  await expect(scene.done(call)).rejects.toEqual(moved);
  expect(a.cluster.holds('x')).toBe(false);
});
