import { isDeepStrictEqual } from 'node:util';
import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { callWithoutPause } from './fixtures/call-without-pause.ts';
import { ask, knows, openSharingHosts } from './fixtures/sharing-hosts.ts';

const COUNT = 15;
/** What a host has at least once they are spread over three, and for how long nothing may move then, in milliseconds. */
const MANY = 3;
const STILL_MS = 5_000;
const ids = Array.from({ length: COUNT }, (_, index) => `shared-${String(index).padStart(2, '0')}`);

describeWithPostgres('connectors that one of several hosts runs', (databases) => {
  it('go to a host that joined, one after the other and once each, and no call fails for that', async () => {
    await using scene = await openSharingHosts(databases);
    const { start, config, remote, pid } = scene;
    const one = await start('a');
    const other = await start('b');
    for (const id of ids) await one.service.register(config(id));
    await knows(other.service, ids.at(-1) ?? '');
    const holders = async ({ service }: typeof one) =>
      new Map((await service.list()).map(({ id, host }) => [id, host] as const));
    const spread = async () => {
      const counts = Map.groupBy((await holders(one)).values(), (host) => host);
      return [...counts.values()].map(({ length }) => length).toSorted((a, b) => a - b);
    };
    await Promise.all(ids.map((id, index) => ask(index % 2 === 0 ? one.service : other.service, id, 'read', 'first')));
    await eventually(spread, (counts) => counts.length === 2 && (counts[0] ?? 0) >= 5);

    const before = await holders(one);
    await using calls = callWithoutPause([one.service, other.service], ids);
    const third = await start('c');
    await using more = callWithoutPause([third.service], ids);
    await eventually(spread, (counts) => counts.length === 3 && (counts[0] ?? 0) >= MANY);
    // Nothing goes back and forth: after a few more it stays as it is.
    let after = await holders(one);
    let changedAt = performance.now();
    await eventually(
      async () => {
        const now = await holders(one);
        if (!isDeepStrictEqual(now, after)) [after, changedAt] = [now, performance.now()];
        return performance.now() - changedAt;
      },
      (unchangedMs) => unchangedMs > STILL_MS,
    );
    for (const { failed, made } of [await calls.end(), await more.end()]) {
      expect(failed).toEqual([]);
      expect(made.size).toBeGreaterThan(COUNT);
      expect(new Map(made.keys().map((what) => [what, remote.asked(what).times]))).toEqual(made);
    }
    const moved = ids.filter((id) => before.get(id) !== after.get(id));
    const toThird = new Set(moved.map((id) => after.get(id)));
    expect(toThird.size).toBe(1);
    expect(moved.length).toBeLessThanOrEqual(COUNT / 2);
    const [somebody = ''] = moved;
    const answer = await ask(other.service, somebody, 'read', 'last');
    expect(answer.pid).toBe(pid(third.host));
  });

  it('are taken by others at once where their host is told to end, and calls under way there end well', async () => {
    await using scene = await openSharingHosts(databases);
    const { start, config, remote, pid } = scene;
    const one = await start('a');
    const some = ids.slice(0, 8);
    for (const id of some) await one.service.register(config(id));
    await Promise.all(some.map((id) => ask(one.service, id, 'read', 'first')));
    const [other, third] = [await start('b'), await start('c')];
    const services = [other.service, third.service];
    for (const service of services) await knows(service, some.at(-1) ?? '');
    await using calls = callWithoutPause(services, some);
    const [busy = '', ...idle] = some;
    const slow = ask(other.service, busy, 'change', 'hold-this');
    await eventually(() => remote.asked('hold-this').times === 1);
    await eventually(() => some.every((id) => calls.pidsSince(id, 0).has(pid(one.host))));
    const leftAt = performance.now();
    const ended = one.host.end('SIGTERM');
    const isTaken = (id: string) => [other, third].some(({ host }) => calls.pidsSince(id, leftAt).has(pid(host)));
    await eventually(() => idle.every(isTaken));
    // Meanwhile the one that is busy waits for the call that is under way.
    expect(isTaken(busy)).toBe(false);
    remote.letGo();
    await expect(slow).resolves.toEqual({});
    await eventually(() => isTaken(busy));
    await ended;
    const { failed, made } = await calls.end();
    expect(failed).toEqual([]);
    expect(remote.asked('hold-this').times).toBe(1);
    expect(new Map(made.keys().map((what) => [what, remote.asked(what).times]))).toEqual(made);
  });

  it('go where the labels are that they ask for by now, once their calls have ended, and nowhere where nobody has them', async () => {
    await using scene = await openSharingHosts(databases);
    const { start, config, remote, pid } = scene;
    const one = await start('a');
    const other = await start('b', { HOST_LABELS: 'gpu' });
    await one.service.register(config('shared'));
    await knows(other.service, 'shared');
    await ask(one.service, 'shared', 'read', 'first');
    const slow = ask(one.service, 'shared', 'change', 'hold-this');
    await eventually(() => remote.asked('hold-this').times === 1);
    await other.service.update({ ...config('shared'), placement: 'gpu' });
    await eventually(async () => (await one.service.get('shared')).config.placement === 'gpu');
    remote.letGo();
    await expect(slow).resolves.toEqual({});
    for (const { service } of [one, other])
      await eventually(async () => (await ask(service, 'shared', 'read', 'then')).pid === pid(other.host));
    await one.service.update({ ...config('shared'), placement: 'mars' });
    const noHost = (reason: { readonly details?: { readonly reason?: unknown } }) =>
      reason.details?.reason === 'no_host';
    for (const { service } of [one, other])
      await eventually(() => ask(service, 'shared', 'read', 'last').then(() => false, noHost));
  });
});
