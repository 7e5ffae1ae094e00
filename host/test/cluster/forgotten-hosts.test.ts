import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import type { ServingHost } from '../cli/fixtures/serving-host.ts';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { ask, knows, openSharingHosts } from './fixtures/sharing-hosts.ts';

/** Waits until a host says why it lost its lease, in these words. */
const tells = (host: ServingHost, words: RegExp) =>
  host.waitForRecord(
    ({ event, err }) =>
      event === 'lease_lost' && words.test(String((err as { message?: unknown } | undefined)?.message)),
  );

describeWithPostgres('a host whose row in the database', (databases) => {
  it('is gone, as where that was restored from a backup, joins anew', async () => {
    await using scene = await openSharingHosts(databases);
    const { url, start, config } = scene;
    const one = await start('a');
    // One that was killed two days ago and never came back is forgotten by then.
    await databases.sql(
      url,
      `INSERT INTO automate.hosts SELECT (jsonb_populate_record(h, jsonb_build_object('id', 'old',
        'expires_at', now() - interval '2 days'))).* FROM automate.hosts h`,
    );
    const other = await start('b');
    expect(await databases.sql(url, `SELECT id FROM automate.hosts WHERE id = 'old'`)).toEqual([]);
    await one.service.register(config('shared'));
    await knows(other.service, 'shared');
    await ask(one.service, 'shared', 'read', 'first');
    await databases.sql(url, 'DELETE FROM automate.hosts');
    for (const { host } of [one, other]) await host.waitForRecord(({ event }) => event === 'lease_back');
    await tells(one.host, /does not know the host .* restored from a backup/);
    for (const { service } of [one, other]) {
      await ask(service, 'shared', 'read', 'again');
      await eventually(async () => (await service.listHosts()).length === 2);
    }
  });

  it('another one has taken, by a copy of its data directory, says so, and serves again once that is gone', async () => {
    await using scene = await openSharingHosts(databases);
    const { project, start, config } = scene;
    const one = await start('a');
    await one.service.register(config('shared'));
    await ask(one.service, 'shared', 'read', 'first');
    await mkdir(join(project.root, 'copy'), { recursive: true });
    await cp(join(project.root, 'a', 'host-id'), join(project.root, 'copy', 'host-id'));
    const copy = await start('copy');
    await tells(one.host, /another host has the id .* DATA_DIR of its own/);
    await ask(copy.service, 'shared', 'read', 'copied');
    await copy.host.end('SIGTERM');
    await eventually(() => ask(one.service, 'shared', 'read', 'again').catch(() => undefined));
  });
});

describeWithPostgres(
  'a call of a connector that nobody holds, while the database answers nothing of that',
  (databases) => {
    it('is answered when its time is over', async () => {
      await using scene = await openSharingHosts(databases);
      const { url, start, config } = scene;
      const one = await start('a');
      const other = await start('b');
      await one.service.register(config('shared'));
      await knows(other.service, 'shared');
      const locked = databases.sql(
        url,
        'BEGIN; LOCK automate.placements IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(4); COMMIT',
      );
      await eventually(
        async () =>
          await databases.sql(
            url,
            `SELECT 1 FROM pg_locks WHERE relation = 'automate.placements'::regclass AND mode = 'AccessExclusiveLock' AND granted`,
          ),
        (rows) => rows.length > 0,
      );
      const call = { id: 'shared', action: 'change', payload: { what: 'late' } };
      await expect(other.service.execute(call, { timeoutMs: 500 })).rejects.toMatchObject({
        code: 'TIMEOUT',
        effect: 'none',
        blame: 'operator',
        message: expect.stringMatching(/before it was settled which host runs the connector "shared"/),
      });
      await locked;
      expect(scene.remote.asked('late').times).toBe(0);
      await eventually(() => ask(other.service, 'shared', 'read', 'again').catch(() => undefined));
    });
  },
);
