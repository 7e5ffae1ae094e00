import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import { eventually } from '@automate/tooling/eventually';
import { CliProject } from '../cli/fixtures/cli-project.ts';
import type { ServingHost } from '../cli/fixtures/serving-host.ts';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { CountingRemote } from './fixtures/counting-remote.ts';
import { MARKING } from './fixtures/marking-connector.ts';

describeWithPostgres('hosts that share connectors', (databases) => {
  async function open() {
    const stack = new AsyncDisposableStack();
    const url = await databases.create();
    const remote = stack.use(await CountingRemote.open());
    const project = stack.use(await CliProject.open({ kinds: [], yaml: 'connectors: []' }));
    await project.sandbox.addConnector({ kind: 'marking', source: MARKING });
    const keyFile = join(project.root, 'master.key');
    await writeFile(keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    /** @param at the project of the host */
    const start = async (DATA_DIR: string, more: Readonly<Record<string, string>> = {}, at = project) => {
      const host = stack.use(await at.start({ env: { STORE_URL: url, MASTER_KEY_FILE: keyFile, DATA_DIR, ...more } }));
      return { host, service: stack.use(await connect({ address: host.ready.grpc })) };
    };
    const config = (id: string) =>
      ({ id, kind: 'marking', scheme: 'http', host: '127.0.0.1', port: remote.port }) as const;
    return {
      url,
      remote,
      project,
      /** Another project, in which the kind is not installed. */
      bare: async () => stack.use(await CliProject.open({ kinds: [], yaml: 'connectors: []' })),
      start,
      config,
      pid: ({ child }: ServingHost) => child.pid ?? 0,
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  }
  type Service = Awaited<ReturnType<typeof connect>>;
  const knows = (service: Service, id: string) =>
    eventually(async () => (await service.list()).some((info) => info.id === id));
  const ask = async (service: Service, id: string, action: string, what: string, idempotencyKey?: string) =>
    (
      await service.execute(
        { id, action, payload: { what }, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) },
        { timeoutMs: 60_000 },
      )
    ).result as { readonly pid: number };

  it('answer for each other: one of them runs a connector, whichever is asked, and another one once it was killed', async () => {
    await using scene = await open();
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

  it('are listed at each of them with what they hold, and a connector with the host that runs it', async () => {
    await using scene = await open();
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

  it('know of each other how the connectors are that one of them holds, and tell watchers', async () => {
    await using scene = await open();
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
    await using scene = await open();
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

  it('send nothing more for a connector once they slept for longer than their lease', async () => {
    await using scene = await open();
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
  });

  it('place a connector where its labels are, and stop it before their lease ends where the database is away', async () => {
    await using scene = await open();
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
