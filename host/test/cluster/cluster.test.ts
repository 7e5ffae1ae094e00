import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { ask, knows, openSharingHosts } from './fixtures/sharing-hosts.ts';

describeWithPostgres('hosts that share connectors', (databases) => {
  it('answer for each other: one of them runs a connector, whichever is asked, and another one once it was killed', async () => {
    await using scene = await openSharingHosts(databases);
    const { remote, start, config, pid } = scene;
    const one = await start('a');
    const other = await start('b');
    await one.service.register(config('shared'));
    await knows(other.service, 'shared');
    await ask(one.service, 'shared', 'read', 'first');
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        ask(index % 2 === 0 ? one.service : other.service, 'shared', 'change', 'both'),
      ),
    );
    expect(remote.asked('both')).toEqual({ times: 20, pids: [pid(one.host)] });
    await expect(other.service.healthCheck('shared')).resolves.toMatchObject({ healthy: true });
    await expect(other.service.execute({ id: 'shared', action: 'nothing', payload: {} })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      connector: 'shared',
      details: { reason: 'unknown_action' },
    });

    const kept = await ask(other.service, 'shared', 'change', 'kept', 'key-of-kept');
    const cut = [
      ask(other.service, 'shared', 'change', 'hold-change'),
      ask(other.service, 'shared', 'change', 'hold-keyed', 'key-of-held'),
      ask(other.service, 'shared', 'read', 'hold-read'),
    ].map((call) =>
      call.then(
        () => 'OK',
        (error: { code: string }) => error.code,
      ),
    );
    await eventually(() => remote.seen.filter(({ what }) => what.startsWith('hold')).length === 3);
    await one.host.end('SIGKILL');
    const killedAt = performance.now();
    await ask(other.service, 'shared', 'read', 'after');
    expect(performance.now() - killedAt).toBeLessThan(30_000);
    expect(remote.asked('after').pids).toEqual([pid(other.host)]);
    // The one that does no harm twice is made again; no other is.
    await eventually(() => remote.asked('hold-read').times === 2);
    remote.letGo();
    await expect(Promise.all(cut)).resolves.toEqual(['WORKER_LOST', 'OUTCOME_UNKNOWN', 'OK']);
    expect(remote.asked('hold-change').times).toBe(1);
    expect(remote.asked('hold-keyed').times).toBe(1);
    await expect(ask(other.service, 'shared', 'change', 'kept', 'key-of-kept')).resolves.toEqual(kept);
    expect(remote.asked('kept').times).toBe(1);
  });

  it('send nothing more for a connector once they slept for longer than their lease', async () => {
    await using scene = await openSharingHosts(databases);
    const { remote, start, config, pid } = scene;
    const one = await start('a');
    const other = await start('b');
    await one.service.register(config('shared'));
    await knows(other.service, 'shared');
    await ask(one.service, 'shared', 'read', 'first');
    expect(remote.asked('first').pids).toEqual([pid(one.host)]);
    one.host.kill('SIGSTOP');
    // These lie in its sockets until it wakes.
    const asleep = Array.from({ length: 5 }, () => ask(one.service, 'shared', 'read', 'slept'));
    await ask(other.service, 'shared', 'read', 'taken');
    expect(remote.asked('taken').pids).toEqual([pid(other.host)]);
    await delay(500);
    one.host.kill('SIGCONT');
    await Promise.all(asleep);
    expect(remote.asked('slept').pids).toEqual([pid(other.host)]);
    await ask(one.service, 'shared', 'change', 'woken');
    expect(remote.asked('woken')).toEqual({ times: 1, pids: [pid(other.host)] });
    // Though the database was there all the time.
    for (const event of ['lease_lost', 'lease_back'])
      await one.host.waitForRecord((record) => record['event'] === event);
  });

  it('place a connector where its labels are, and stop it before their lease ends where the database is away', async () => {
    await using scene = await openSharingHosts(databases);
    const { remote, start, config, pid } = scene;
    const one = await start('a', { HOST_LABELS: 'eu' });
    const other = await start('b', { HOST_LABELS: 'eu,gpu' });
    await one.service.register({ ...config('labelled'), placement: 'gpu,eu' });
    await one.service.register({ ...config('homeless'), placement: 'moon' });
    await one.service.register({ ...config('everywhere'), placement: 'all' });
    await knows(other.service, 'everywhere');
    // Hosts hear of each other with their beats.
    await eventually(async () => ask(one.service, 'labelled', 'read', 'labelled').then(Boolean, () => false));
    expect(remote.asked('labelled').pids).toEqual([pid(other.host)]);
    await expect(ask(one.service, 'homeless', 'read', 'homeless')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      blame: 'operator',
      details: { reason: 'no_host' },
      message: expect.stringContaining('HOST_LABELS=moon'),
    });
    await ask(one.service, 'everywhere', 'read', 'everywhere');
    await ask(other.service, 'everywhere', 'read', 'everywhere');
    expect(remote.asked('everywhere').pids.toSorted()).toEqual([pid(one.host), pid(other.host)].toSorted());

    await databases.server.stop('SIGQUIT');
    try {
      await eventually(
        () =>
          ask(other.service, 'labelled', 'read', 'away').then(
            () => 'OK',
            ({ details }: { details?: { reason?: string } }) => details?.reason,
          ),
        (reason) => reason === 'store_lost',
      );
      const { times } = remote.asked('away');
      await expect(ask(other.service, 'labelled', 'read', 'away')).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        effect: 'none',
        details: { reason: 'store_lost' },
      });
      expect(remote.asked('away').times).toBe(times);
      await ask(other.service, 'everywhere', 'read', 'at home');
      await other.host.waitForRecord(({ event }) => event === 'lease_lost');
    } finally {
      await databases.server.restart();
    }
    await eventually(
      () => ask(one.service, 'labelled', 'read', 'back').catch(() => undefined),
      (answer) => answer?.pid === pid(other.host),
    );
    await other.host.waitForRecord(({ event }) => event === 'lease_back');
  });
});
