import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { ask, knows, openSharingHosts } from './fixtures/sharing-hosts.ts';

describeWithPostgres('a host that stood still while calls lay before its connector', (databases) => {
  it('has none of them sent once another host has it, though the connector goes on before the host does', async () => {
    await using scene = await openSharingHosts(databases);
    const { remote, start, config, pid } = scene;
    const one = await start('a');
    const other = await start('b');
    await one.service.register({ ...config('shared'), isolation: 'process' });
    await knows(other.service, 'shared');
    await ask(one.service, 'shared', 'read', 'first');
    const sender = remote.asked('first').pids[0] ?? 0;
    expect(sender).not.toBe(pid(one.host));
    // It is busy for two seconds by the clock: what is asked for behind that begins as soon as it goes on.
    const busy = ask(one.service, 'shared', 'spin', 'spin').catch(() => undefined);
    await eventually(() => remote.asked('spin').times === 1);
    const behind = Array.from({ length: 5 }, (_, index) => ask(one.service, 'shared', 'change', `behind-${index}`));
    const settled = Promise.allSettled(behind);
    await delay(500);
    one.host.kill('SIGSTOP');
    process.kill(sender, 'SIGSTOP');
    await ask(other.service, 'shared', 'read', 'taken');
    const before = remote.seen.length;
    process.kill(sender, 'SIGCONT');
    await delay(1_000);
    one.host.kill('SIGCONT');
    await Promise.all([busy, settled]);
    expect(remote.seen.slice(before).filter((seen) => seen.pid === sender)).toEqual([]);
  });
});
