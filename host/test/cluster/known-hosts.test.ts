import { hostname } from 'node:os';
import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { MARKING } from './fixtures/marking-connector.ts';
import { ask, knows, openSharingHosts } from './fixtures/sharing-hosts.ts';

describeWithPostgres('hosts that share connectors', (databases) => {
  it('are listed at each of them with what they hold, and a connector with the host that runs it', async () => {
    await using scene = await openSharingHosts(databases);
    const { start, config, remote } = scene;
    const one = await start('a', { HOST_LABELS: 'eu' });
    const other = await start('b', { HOST_LABELS: 'gpu,eu' });
    const listed = async ({ service }: typeof one) =>
      (await service.listHosts()).map(({ labels, held, drift }) => ({ labels, held, drift }));
    await one.service.register({ ...config('shared'), placement: 'gpu' });
    await one.service.register({ ...config('everywhere'), placement: 'all' });
    await knows(other.service, 'everywhere');
    await eventually(async () => ask(one.service, 'shared', 'read', 'first').then(Boolean, () => false));
    await ask(one.service, 'everywhere', 'read', 'here');
    const expected = [
      { labels: ['eu'], held: 0, drift: [] },
      { labels: ['gpu', 'eu'], held: 1, drift: [] },
    ];
    for (const host of [one, other])
      await eventually(
        async () => (await listed(host)).toSorted((a, b) => a.held - b.held),
        (hosts) => JSON.stringify(hosts) === JSON.stringify(expected),
      );
    const hosts = await other.service.listHosts();
    const holder = hosts.find(({ held }) => held === 1);
    expect(hosts.map(({ id }) => id)).toEqual(hosts.map(({ id }) => id).toSorted());
    expect(hosts).toHaveLength(2);
    expect(holder).toMatchObject({ name: hostname(), address: other.host.ready.grpc, version: expect.any(String) });
    expect(holder?.memoryBytes).toBeGreaterThan(10 * 2 ** 20);
    for (const { since, lastBeatAt } of hosts) {
      expect(Date.parse(lastBeatAt)).toBeGreaterThanOrEqual(Date.parse(since));
      expect(Math.abs(Date.now() - Date.parse(lastBeatAt))).toBeLessThan(60_000);
    }
    for (const { service } of [one, other]) {
      await expect(service.get('shared')).resolves.toMatchObject({ connector: { host: holder?.id } });
      await expect(service.get('everywhere')).resolves.not.toHaveProperty('connector.host');
    }
    expect(remote.asked('first').times).toBe(1);
    await other.host.end('SIGKILL');
    await eventually(
      () => listed(one),
      (left) => left.length === 1,
    );
    await expect(one.service.get('shared')).resolves.not.toHaveProperty('connector.host');
  });

  it('answer for one that was registered a moment ago, also where another host is to run it, and for none once it is removed', async () => {
    await using scene = await openSharingHosts(databases);
    const { start, config, pid } = scene;
    const one = await start('a');
    const other = await start('b', { HOST_LABELS: 'gpu' });
    await eventually(async () => (await one.service.listHosts()).length === 2);
    for (const n of Array(10).keys()) {
      const id = `new-${n}`;
      await one.service.register({ ...config(id), placement: 'gpu' });
      await expect(ask(one.service, id, 'read', id)).resolves.toMatchObject({ pid: pid(other.host) });
      await one.service.remove(id);
      await expect(ask(one.service, id, 'read', id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  it('know of each other how the connectors are that one of them holds, and tell watchers', async () => {
    await using scene = await openSharingHosts(databases);
    const { start, config, remote } = scene;
    const one = await start('a');
    const other = await start('b');
    const seen = new Array<{ status: string; host: string | undefined; lastError: string }>();
    await one.service.register(config('well'));
    await one.service.register(config('ill'));
    await knows(other.service, 'ill');
    const ended = new AbortController();
    const watching = (async () => {
      for await (const event of other.service.watch({ signal: ended.signal }))
        if (event.kind === 'status') seen.push({ ...event.connector, host: event.connector.host });
    })();
    await ask(one.service, 'well', 'read', 'first');
    await one.service.healthCheck('well');
    const { message, blame } = await one.service.healthCheck('ill');
    const known = async ({ service }: typeof one) => {
      const infos = new Map((await service.list()).map((info) => [info.id, info]));
      const reports = await service.healthCheckAll({ cached: true });
      return ['well', 'ill'].map((id) => ({
        status: infos.get(id)?.status,
        lastError: infos.get(id)?.lastError,
        host: infos.get(id)?.host,
        known: [reports[id]?.status, reports[id]?.message, reports[id]?.blame],
      }));
    };
    const { id: host } = (await one.service.listHosts()).find(({ held }) => held === 2) ?? {};
    const [well, ill] = await known(one);
    expect(well).toMatchObject({ status: 'healthy', lastError: '', host });
    expect(ill).toEqual({ status: 'unhealthy', lastError: message, host, known: ['unhealthy', message, blame] });
    await eventually(
      () => known(other),
      (told) => JSON.stringify(told) === JSON.stringify([well, ill]),
    );
    await eventually(() => seen.some((each) => each.status === 'unhealthy' && each.lastError === message));
    expect(seen.filter((each) => each.host !== undefined).every((each) => each.host === host)).toBe(true);
    expect((await other.service.getStatus()).connectors).toMatchObject({ healthy: 1, unhealthy: 1 });
    // Who does not run it does not tell the log of it.
    await one.host.waitForRecord(({ event, connector }) => event === 'unhealthy' && connector === 'ill');
    expect(other.host.records.filter(({ event }) => event === 'unhealthy')).toEqual([]);

    const asked = remote.seen.length;
    await one.host.end('SIGKILL');
    await eventually(() => seen.at(-1)?.host === undefined);
    expect((await known(other)).map(({ status }) => status)).toEqual(['unknown', 'unknown']);
    expect(remote.seen).toHaveLength(asked);
    ended.abort();
    await watching;
  });

  it('take only what they can run, pass on what they cannot, and say in what their packages differ', async () => {
    await using scene = await openSharingHosts(databases);
    const { start, config, remote, pid, project } = scene;
    const bare = await scene.bare();
    const one = await start('a');
    const other = await start('b', {}, bare);
    await expect(other.service.register(config('shared'))).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await one.service.register(config('shared'));
    await knows(other.service, 'shared');
    // Hosts hear of each other with their beats.
    await eventually(async () => (await other.service.listHosts()).some(({ drift }) => drift.length > 0));
    await ask(other.service, 'shared', 'read', 'first');
    expect(remote.asked('first').pids).toEqual([pid(one.host)]);
    await expect(other.service.healthCheck('shared')).resolves.toMatchObject({ healthy: true });
    await expect(other.service.describe('shared')).resolves.toMatchObject({ kind: 'marking' });

    const shown = async ({ service }: typeof one) =>
      (await service.listHosts()).map(({ drift }) => JSON.stringify(drift)).toSorted();
    const different = [
      JSON.stringify([{ package: 'connector-marking', version: '1.0.0' }]),
      JSON.stringify([{ package: 'connector-marking' }]),
    ];
    await eventually(
      () => Promise.all([shown(one), shown(other)]),
      (drifts) => JSON.stringify(drifts) === JSON.stringify([different, different]),
    );
    await one.host.waitForRecord(({ event }) => event === 'plugins_differ');
    await other.host.waitForRecord(({ event }) => event === 'plugins_differ');

    // What goes away at the one is taken by the other, once it is there.
    await bare.sandbox.addConnector({ kind: 'marking', source: MARKING });
    await other.service.rescanPlugins();
    await other.host.waitForRecord(({ event }) => event === 'plugins_alike');
    await eventually(
      () => shown(one),
      (drifts) => drifts.every((drift) => drift === '[]'),
    );
    await project.sandbox.removePackage('connector-marking');
    await one.service.rescanPlugins();
    await eventually(
      () => ask(one.service, 'shared', 'read', 'moved').catch(() => undefined),
      (answer) => answer?.pid === pid(other.host),
    );
    await other.host.end('SIGKILL');
    await eventually(
      () =>
        ask(one.service, 'shared', 'read', 'nowhere').then(
          () => 'OK',
          ({ details }: { details?: { reason?: string } }) => details?.reason,
        ),
      (reason) => reason === 'kind_missing',
    );
  });
});
