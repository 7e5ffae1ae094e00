import type { ConnectorService, Execution } from '@automate/contract';
import { connect } from '@automate/client';
import { eventually } from '@automate/tooling/eventually';
import { expect, it } from '@jest/globals';
import { openOrders } from './fixtures/orders-project.ts';
import { RemoteSystem } from './fixtures/remote-system.ts';

const COUNT = 500;

/** All of them, page by page. */
async function listAll(service: ConnectorService): Promise<readonly Execution[]> {
  const all: Execution[] = [];
  for (let after: string | undefined; ;) {
    const page = await service.listExecutions({ limit: 200, ...(after === undefined ? {} : { after }) });
    all.push(...page.executions);
    after = page.next;
    if (after === undefined) return all;
  }
}

it('of 500 executions whose host is killed in the middle each has one outcome, and nothing that may be done once is done twice', async () => {
  await using remote = await RemoteSystem.open();
  remote.onAsked = (asked) => void setTimeout(() => asked.answer(), 15);
  await using project = await openOrders(
    `connectors: [{ id: orders, host: 127.0.0.1, port: ${remote.port}, limits: { concurrency: 8 } }]`,
  );
  const actions = ['place', 'put', 'place'] as const;
  const acknowledged: string[] = [];
  {
    await using host = await project.start();
    await using service = await connect({ address: host.ready.grpc });
    await Promise.all(
      Array.from({ length: COUNT }, async (_, index) => {
        const [action, key] = [actions[index % 3] ?? 'place', index % 3 === 2];
        const { id } = await service.startExecution({
          id: 'orders',
          action,
          payload: { order: String(index) },
          ...(key ? { idempotencyKey: `order-${index}` } : {}),
        });
        acknowledged.push(id);
      }),
    );
    await eventually(() => remote.asked.length > COUNT / 3);
    await host.end('SIGKILL');
  }
  expect(acknowledged).toHaveLength(COUNT);
  expect(remote.asked.length).toBeLessThan(COUNT);
  await using host = await project.start();
  await using service = await connect({ address: host.ready.grpc });
  const all = await eventually(
    () => listAll(service),
    (executions) => executions.every(({ status }) => status !== 'queued' && status !== 'running'),
  );
  expect(all.map(({ id }) => id).toSorted()).toEqual(acknowledged.toSorted());
  const unknown = all.filter(({ status }) => status === 'unknown');
  // Those that ran when the host was killed, of the actions that may not be done twice.
  expect(unknown.length).toBeLessThanOrEqual(8);
  for (const { action, error } of unknown) {
    expect(action).toBe('place');
    expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', details: { reason: 'host_ended' } });
  }
  expect(all.filter(({ status }) => status === 'succeeded')).toHaveLength(COUNT - unknown.length);
  expect([...remote.counts('place').values()].filter((count) => count !== 1)).toEqual([]);
  const orders = new Set([...remote.counts('place').keys(), ...remote.counts('put').keys()]);
  expect(orders.size).toBeGreaterThanOrEqual(COUNT - unknown.length);
});

it('what runs when its host ends in order is ended, given back to the queue, or unknown', async () => {
  await using remote = await RemoteSystem.open();
  const held: (() => void)[] = [];
  remote.onAsked = (asked) => void held.push(() => asked.answer());
  await using project = await openOrders(`connectors: [{ id: orders, host: 127.0.0.1, port: ${remote.port} }]`);
  const ids: Record<string, string> = {};
  {
    await using host = await project.start();
    await using service = await connect({ address: host.ready.grpc });
    for (const action of ['place', 'put']) ids[action] = (await service.startExecution({ id: 'orders', action })).id;
    await eventually(() => held.length === 2);
    await host.end('SIGTERM');
  }
  remote.onAsked = (asked) => asked.answer('second');
  await using host = await project.start();
  await using service = await connect({ address: host.ready.grpc });
  const put = await eventually(
    () => service.getExecution(ids['put'] ?? ''),
    ({ status }) => status !== 'queued' && status !== 'running',
  );
  expect(put).toMatchObject({ status: 'succeeded', result: 'second', attempts: 2 });
  expect(await service.getExecution(ids['place'] ?? '')).toMatchObject({
    status: 'unknown',
    error: { code: 'OUTCOME_UNKNOWN', details: { reason: 'host_ended' } },
  });
});

it('what was cancelled, and whose host is killed before its call has let go, may have taken effect, and is not run again', async () => {
  await using remote = await RemoteSystem.open();
  remote.onAsked = () => undefined;
  await using project = await openOrders(`connectors: [{ id: orders, host: 127.0.0.1, port: ${remote.port} }]`);
  const ids: string[] = [];
  {
    await using host = await project.start();
    await using service = await connect({ address: host.ready.grpc });
    for (const idempotencyKey of [undefined, 'k'])
      ids.push(
        (
          await service.startExecution({
            id: 'orders',
            action: 'stay',
            ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
          })
        ).id,
      );
    await eventually(() => remote.asked.length === 2);
    const cancelled = ids.map((id) => service.cancelExecution(id).catch(() => undefined));
    await eventually(async () => (await listAll(service)).every(({ cancelling }) => cancelling === true));
    await host.end('SIGKILL');
    await Promise.all(cancelled);
  }
  await using host = await project.start();
  await using service = await connect({ address: host.ready.grpc });
  for (const id of ids)
    expect(
      await eventually(
        () => service.getExecution(id),
        ({ status }) => status !== 'running',
      ),
    ).toMatchObject({ status: 'cancelled', error: { code: 'CANCELLED', effect: 'maybe' } });
  expect(remote.asked).toHaveLength(2);
});
