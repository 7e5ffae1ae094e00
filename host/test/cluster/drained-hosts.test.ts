import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { ask, knows, openSharingHosts } from './fixtures/sharing-hosts.ts';

const IDS = ['one', 'two', 'three', 'four'];

describeWithPostgres('a host that is drained', (databases) => {
  it('gives what it holds to others without losing a call, goes on answering, and takes nothing until it is undrained', async () => {
    await using scene = await openSharingHosts(databases);
    const { start, config, project, url, pid, remote } = scene;
    const drained = await start('a', { AUDIT: 'on' });
    for (const id of IDS) await drained.service.register(config(id));
    for (const id of IDS) await ask(drained.service, id, 'read', 'begin');
    const host = (await drained.service.listHosts())[0]?.id ?? '';
    const env = (DATA_DIR: string) => ({ STORE_URL: url, MASTER_KEY_FILE: 'master.key', DATA_DIR });
    // Nobody could take what it has.
    await expect(drained.service.drainHost(host)).rejects.toMatchObject({
      ...{ code: 'UNAVAILABLE', retryable: false, blame: 'operator', details: { reason: 'no_host' } },
    });
    const other = await start('b', { AUDIT: 'on' });
    for (const id of IDS) await knows(other.service, id);
    await eventually(async () => (await other.service.listHosts()).length === 2);
    const both = [drained, other];

    const calls = { made: 0, faults: new Array<unknown>(), isOver: false };
    const calling = both.flatMap(({ service }) =>
      IDS.map(async (id) => {
        while (!calls.isOver) {
          await ask(service, id, 'change', 'meanwhile').catch((fault: unknown) => calls.faults.push(fault));
          calls.made += 1;
        }
      }),
    );
    await expect(other.service.drainHost('nobody')).rejects.toMatchObject({
      ...{ code: 'NOT_FOUND', details: { reason: 'unknown_host' } },
    });
    // At another one, which passes it on.
    const said = await project.automate(['hosts', 'drain', host], { env: env('b') });
    expect([said.status, said.stdout]).toEqual([0, expect.stringMatching(new RegExp(`^${host}: drained; \\d+ conn`))]);
    for (const { service } of both)
      await eventually(
        async () => (await service.listHosts()).find(({ id }) => id === host),
        (shown) => shown?.draining === true && shown.held === 0,
      );
    await drained.host.waitForRecord(({ event }) => event === 'host_drained');
    const seen = calls.made;
    await eventually(() => calls.made > seen + 100);
    calls.isOver = true;
    await Promise.all(calling);
    expect(calls.faults).toEqual([]);
    for (const id of IDS) expect((await ask(drained.service, id, 'read', 'later')).pid).toBe(pid(other.host));
    expect(remote.asked('later').pids).toEqual([pid(other.host)]);

    // What is new goes to others as well.
    await drained.service.register(config('new'));
    await knows(other.service, 'new');
    expect((await ask(drained.service, 'new', 'read', 'new')).pid).toBe(pid(other.host));
    await expect(
      other.service.drainHost((await other.service.listHosts()).find(({ id }) => id !== host)?.id ?? ''),
    ).rejects.toMatchObject({
      details: { reason: 'no_host' },
    });
    const { records } = await other.service.listAudit({ operation: 'drainHost' });
    expect(records.filter(({ subject, code }) => subject === host && code === 'OK')).toMatchObject([
      { principal: 'local' },
    ]);

    // Over HTTP, where it is itself.
    const answer = await fetch(`${drained.host.ready.http}/api/v1/hosts/${host}/undrain`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ id: host, draining: false })]);
    const undrained = (await drained.service.listAudit({ operation: 'undrainHost' })).records;
    expect(undrained.filter(({ subject, code }) => subject === host && code === 'OK')).toHaveLength(1);
    await eventually(async () => (await other.service.listHosts()).every(({ draining }) => !draining));
    await other.host.end('SIGTERM');
    for (const id of [...IDS, 'new'])
      await eventually(
        () => ask(drained.service, id, 'read', 'back').catch(() => undefined),
        (found) => found?.pid === pid(drained.host),
      );
  });

  it('takes connectors again once it was started anew', async () => {
    await using scene = await openSharingHosts(databases);
    const { start } = scene;
    const first = await start('a');
    await start('b');
    await eventually(async () => (await first.service.listHosts()).length === 2);
    const { id = '' } =
      (await first.service.listHosts()).find(({ address }) => address === first.host.ready.grpc) ?? {};
    await expect(first.service.drainHost(id)).resolves.toMatchObject({ id, draining: true });
    await expect(first.service.drainHost(id)).resolves.toMatchObject({ draining: true });
    await first.host.end('SIGTERM');
    const again = await start('a');
    expect((await again.service.listHosts()).find((host) => host.id === id)).toMatchObject({ draining: false });
  });
});
