import type { Execution } from '@automate/contract';
import { connect } from '@automate/client';
import { eventually } from '@automate/tooling/eventually';
import { expect, it } from '@jest/globals';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { CallbackReceiver } from './fixtures/callback-receiver.ts';
import { openOrders, readOrders, sharing } from './fixtures/orders-project.ts';
import { RemoteSystem } from './fixtures/remote-system.ts';

const COUNT = 240;
const PLACES = 4;
const HOUR = 3_600_000;
const SECRET = 'a-word-that-two-know-4711';

describeWithPostgres('executions through two hosts with one store', (databases) => {
  it('each have one outcome when one of them is killed in the middle, within the places of their connector over both', async () => {
    const url = await databases.create();
    await using remote = await RemoteSystem.open();
    let [under, most] = [0, 0];
    remote.onAsked = (asked) => {
      under += 1;
      most = Math.max(most, under);
      setTimeout(() => {
        under -= 1;
        asked.answer();
      }, 25);
    };
    await using project = await openOrders(
      `connectors: [{ id: orders, host: 127.0.0.1, port: ${remote.port}, limits: { concurrency: ${PLACES} } }]`,
    );
    const env = await sharing(project, url);
    const start = (DATA_DIR: string) => project.start({ env: { ...env, DATA_DIR } });
    const killed = await start('a');
    await using host = await start('b');
    await using one = await connect({ address: killed.ready.grpc });
    await using other = await connect({ address: host.ready.grpc });
    const acknowledged = await Promise.all(
      Array.from({ length: COUNT }, async (_, index) => {
        // Every third has a key, and is asked for at both.
        const request = { id: 'orders', action: index % 2 === 0 ? 'place' : 'put', payload: { order: `${index}` } };
        const keyed = index % 3 === 0 ? { ...request, idempotencyKey: `order-${index}` } : request;
        const both = index % 3 === 0 ? [one, other] : [index % 2 === 0 ? one : other];
        const ids = new Set(
          (await Promise.all(both.map((service) => service.startExecution(keyed)))).map(({ id }) => id),
        );
        expect(ids.size).toBe(1);
        return [...ids][0] ?? '';
      }),
    );
    await eventually(() => remote.asked.length > COUNT / 3);
    await killed.end('SIGKILL');
    const all: Execution[] = await eventually(
      async () => [...(await other.listExecutions({ limit: 1_000 })).executions],
      (executions) => executions.every(({ status }) => status !== 'queued' && status !== 'running'),
    );
    expect(all.map(({ id }) => id).toSorted()).toEqual(acknowledged.toSorted());
    const unknown = all.filter(({ status }) => status === 'unknown');
    expect(unknown.length).toBeLessThanOrEqual(PLACES);
    for (const { action } of unknown) expect(action).toBe('place');
    expect(all.filter(({ status }) => status === 'succeeded')).toHaveLength(COUNT - unknown.length);
    // What may not be done twice is not.
    expect([...remote.counts('place').values()].filter((count) => count !== 1)).toEqual([]);
    expect(most).toBeLessThanOrEqual(PLACES);
  });

  it('are started by a schedule once for each of its times, by any of them, and by the other one when one is killed', async () => {
    const url = await databases.create();
    await using remote = await RemoteSystem.open();
    await using project = await openOrders(`connectors: [{ id: orders, host: 127.0.0.1, port: ${remote.port} }]`);
    const env = await sharing(project, url);
    const start = (DATA_DIR: string) => project.start({ env: { ...env, DATA_DIR } });
    const killed = await start('a');
    await using host = await start('b');
    await using one = await connect({ address: killed.ready.grpc });
    await using other = await connect({ address: host.ready.grpc });
    const cron = '*/5 * * * *';
    await one.setSchedule({ name: 'nightly', id: 'orders', action: 'place', payload: { order: 'o' }, cron });
    await eventually(async () => (await other.listSchedules()).length === 1);
    /** Has it be due in a moment, which both hosts hear of; gives its time. */
    const comeDue = async (): Promise<string> => {
      const dueAt = Date.now() + 2_500;
      await databases.sql(
        url,
        `UPDATE automate.schedules SET next_at = ${dueAt}; UPDATE automate.revisions SET revision = revision + 1 WHERE part = 'schedules'`,
      );
      return new Date(dueAt).toISOString();
    };
    const started: string[] = [];
    const payloadOf = (text: string) => databases.sql(url, `UPDATE automate.schedules SET payload = ${text}`);
    const [kept] = await databases.sql(url, 'SELECT payload FROM automate.schedules');
    await payloadOf(`repeat('A', 256 * 1024 * 1024)`);
    await expect(
      other.setSchedule({ name: 'other', id: 'orders', action: 'place', payload: { order: 'o' }, cron }),
    ).rejects.toMatchObject({ code: 'OVERLOADED', details: { reason: 'schedules_full' } });
    await payloadOf(`'${String(kept?.['payload'])}'`);
    for (const round of [0, 1, 2]) {
      if (round === 2) await killed.end('SIGKILL');
      const due = await comeDue();
      const now = await eventually(
        async () => (await other.listSchedules())[0],
        (schedule) => schedule?.lastAt !== undefined && schedule.lastAt >= due,
      );
      started.push(now?.lastExecution ?? '');
      await eventually(async () => (await other.getExecution(now?.lastExecution ?? '')).status === 'succeeded');
    }
    const { executions } = await other.listExecutions();
    expect(executions.map(({ id }) => id).toReversed()).toEqual(started);
    expect(new Set(executions.map(({ schedule }) => schedule))).toEqual(new Set(['nightly']));
    expect(remote.asked).toHaveLength(started.length);
    await other.pauseSchedule('nightly');
    await expect(other.removeSchedule('nightly')).resolves.toMatchObject({ name: 'nightly' });
  });

  it('are not run again, however their run ends, once another host has cancelled them', async () => {
    const url = await databases.create();
    await using remote = await RemoteSystem.open();
    const held: (() => void)[] = [];
    remote.onAsked = (asked) => void held.push(() => asked.answer({}, 503));
    await using project = await openOrders(
      `connectors: [{ id: orders, host: 127.0.0.1, port: ${remote.port}, retry: { attempts: 1 } }]`,
      // Its host holds it back, and would make its call again.
      (await readOrders()).replace(
        "{ effect: 'none' }",
        "{ effect: 'none', retryable: true, details: { reason: 'rate_limit' } }",
      ),
    );
    const env = await sharing(project, url);
    const start = (DATA_DIR: string) => project.start({ env: { ...env, DATA_DIR } });
    await using first = await start('a');
    await using second = await start('b');
    const services = await Promise.all([first, second].map(({ ready }) => connect({ address: ready.grpc })));
    const [one, other] = services as [(typeof services)[0], (typeof services)[0]];
    const ids = await Promise.all(
      Array.from({ length: 6 }, async () => (await one.startExecution({ id: 'orders', action: 'place' })).id),
    );
    await eventually(() => held.length === ids.length);
    // Whoever runs one that the other has cancelled hears of it later than of the answer.
    const cancelled = ids.map((id, index) => (index % 2 === 0 ? one : other).cancelExecution(id));
    const isCancelled = ({ cancelling, status }: Execution) => cancelling === true || status === 'cancelled';
    await eventually(async () => (await other.listExecutions()).executions.every(isCancelled));
    for (const answer of held.splice(0)) answer();
    await Promise.all(cancelled);
    for (const id of ids)
      expect(
        await eventually(
          () => other.getExecution(id),
          ({ status }) => status !== 'queued' && status !== 'running',
        ),
      ).toMatchObject({ status: 'cancelled', attempts: 1 });
    expect(remote.asked).toHaveLength(ids.length);
    for (const service of services) await service.close();
  });

  it('wait for their times by the clock that the hosts share, whatever that of a host says', async () => {
    const url = await databases.create();
    await using remote = await RemoteSystem.open();
    await using receiver = await CallbackReceiver.open(SECRET);
    await using project = await openOrders(
      `connectors: [{ id: orders, host: 127.0.0.1, port: ${remote.port}, limits: { execution_ttl: 1h } }]
network: { registered: { allow: ["127.0.0.1"] } }
executions: { callback_secret: "secretref://env/default/CALLBACKS", callbacks: ["http://127.0.0.1:${receiver.port}"] }`,
    );
    const ahead = `const now = Date.now; Date.now = () => now() + ${5 * HOUR};`;
    await using host = await project.start({
      env: {
        ...(await sharing(project, url)),
        CALLBACKS: SECRET,
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(ahead)}`,
      },
    });
    await using service = await connect({ address: host.ready.grpc });
    const put = { id: 'orders', action: 'put', payload: { order: 'o' } } as const;
    const later = await service.startExecution({ ...put, runAt: new Date(Date.now() + HOUR).toISOString() });
    const callbackUrl = `http://127.0.0.1:${receiver.port}/`;
    const now = await service.startExecution({ ...put, callbackUrl });
    const schedule = await service.setSchedule({ ...put, name: 'often', cron: '*/5 * * * *' });
    expect(Math.abs(Date.parse(now.createdAt) - Date.now())).toBeLessThan(HOUR);
    expect(Date.parse(schedule.nextAt ?? '') - Date.now()).toBeLessThan(HOUR);
    // Nobody takes what is signed hours ahead.
    const end = await eventually(
      () => service.getExecution(now.id),
      ({ callback }) => callback !== 'pending' || receiver.refused.length > 0,
    );
    expect(receiver.refused).toEqual([]);
    expect(Math.abs(Date.parse(end.expiresAt ?? '') - HOUR - Date.now())).toBeLessThan(HOUR);
    expect(await service.getExecution(later.id)).toMatchObject({ status: 'queued', attempts: 0 });
  });
});
