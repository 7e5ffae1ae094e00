import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { knows, openSharingHosts } from './fixtures/sharing-hosts.ts';

describeWithPostgres('executions whose connector another host runs', (databases) => {
  it('are taken over by a host that lacks their kind as by any: run again where that does no harm, by one that has it', async () => {
    await using scene = await openSharingHosts(databases);
    const { remote, start, config, pid } = scene;
    const one = await start('a');
    await one.service.register(config('shared'));
    const startOne = (action: string) =>
      one.service.startExecution({ id: 'shared', action, payload: { what: `hold-${action}` } });
    const [read, change] = await Promise.all([startOne('read'), startOne('change')]);
    await eventually(() => remote.seen.length === 2);
    const bare = await start('b', {}, await scene.bare());
    const able = await start('c');
    for (const { service } of [bare, able]) await knows(service, 'shared');
    // Hosts hear of each other with their beats.
    await eventually(async () => (await bare.service.listHosts()).length === 3);
    await one.host.end('SIGKILL');
    // So that the one without the kind is the first to see that it is gone.
    await delay(1_500);
    able.host.kill('SIGSTOP');
    await delay(2_000);
    able.host.kill('SIGCONT');
    await eventually(async () => (await bare.service.getExecution(change.id)).status === 'unknown');
    await eventually(() => remote.asked('hold-read').times === 2);
    remote.letGo();
    await eventually(async () => (await bare.service.getExecution(read.id)).status === 'succeeded');
    expect(remote.asked('hold-read').pids).toEqual([pid(one.host), pid(able.host)]);
    expect(remote.asked('hold-change').times).toBe(1);
  });

  it('end as unknown where the host that made their call was lost, and are not failed while nobody holds their connector', async () => {
    await using scene = await openSharingHosts(databases);
    const { remote, start, config, pid } = scene;
    const holder = await start('a');
    const other = await start('b');
    await holder.service.register(config('shared'));
    await knows(other.service, 'shared');
    await holder.service.execute({ id: 'shared', action: 'read', payload: { what: 'first' } });
    await eventually(async () => (await other.service.get('shared')).connector.host !== undefined);
    // Both run what waits, and one of them passes it on.
    const started = await Promise.all(
      ['read', 'change'].flatMap((action) =>
        Array.from({ length: 4 }, (_, index) =>
          other.service.startExecution({ id: 'shared', action, payload: { what: `hold-${action}-${index}` } }),
        ),
      ),
    );
    await eventually(() => remote.seen.filter(({ what }) => what.startsWith('hold')).length === started.length);
    await holder.host.end('SIGKILL');
    const after = await other.service.startExecution({ id: 'shared', action: 'change', payload: { what: 'after' } });
    const statuses = async (action: string) =>
      (await other.service.listExecutions()).executions
        .filter((execution) => execution.action === action && execution.id !== after.id)
        .map(({ status }) => status);
    await eventually(() => remote.seen.filter(({ what }) => what.startsWith('hold-read')).length === 8);
    remote.letGo();
    await eventually(
      async () => !(await statuses('read')).some((status) => status === 'running' || status === 'queued'),
    );
    await eventually(async () => (await other.service.getExecution(after.id)).status === 'succeeded');
    expect(await statuses('read')).toEqual(Array(4).fill('succeeded'));
    expect(await statuses('change')).toEqual(Array(4).fill('unknown'));
    for (let index = 0; index < 4; index++) expect(remote.asked(`hold-change-${index}`).times).toBe(1);
    expect(remote.asked('after').pids).toEqual([pid(other.host)]);
  });
});
