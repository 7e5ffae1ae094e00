import { expect, it } from '@jest/globals';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { TlsFiles } from '../transports/fixtures/tls-files.ts';
import { ask, knows, openSharingHosts } from './fixtures/sharing-hosts.ts';

describeWithPostgres('hosts with one certificate, of an authority that nobody else knows', (databases) => {
  it('trust it when they pass calls on', async () => {
    using files = new TlsFiles();
    await using scene = await openSharingHosts(databases);
    const one = await scene.start('a', files.env);
    const other = await scene.start('b', files.env);
    await one.service.register(scene.config('shared'));
    await knows(other.service, 'shared');
    await ask(one.service, 'shared', 'read', 'first');
    await ask(other.service, 'shared', 'read', 'second');
    expect(scene.remote.asked('second').pids).toEqual([scene.pid(one.host)]);
  });
});
