import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http2';
import { eventually } from '@automate/tooling/eventually';
import { expect, it } from '@jest/globals';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { ask, knows, openSharingHosts } from './fixtures/sharing-hosts.ts';

const LANES = 8;

describeWithPostgres('the line between two hosts', (databases) => {
  it('is ended in good order with its host: each call that goes over it is made once, there or at the next holder', async () => {
    await using scene = await openSharingHosts(databases);
    const { remote, start, config, pid } = scene;
    const holder = await start('a');
    const other = await start('b');
    await holder.service.register(config('shared'));
    await knows(other.service, 'shared');
    await ask(holder.service, 'shared', 'read', 'first');
    const made: string[] = [];
    let isOver = false;
    const lanes = Array.from({ length: LANES }, async (_, lane) => {
      for (let call = 0; !isOver; call++) {
        const what = `lane-${lane}-${call}`;
        await ask(other.service, 'shared', 'change', what);
        made.push(what);
      }
    });
    await eventually(() => made.length > 10 * LANES);
    const { status } = await holder.host.end('SIGTERM');
    const before = made.length;
    await eventually(() => made.length > before + 10 * LANES);
    isOver = true;
    await Promise.all(lanes);
    expect(status).toBe(0);
    const times = Map.groupBy(remote.seen, ({ what }) => what);
    expect(made.filter((what) => times.get(what)?.length !== 1)).toEqual([]);
    expect(remote.asked(made.at(-1) ?? '').pids).toEqual([pid(other.host)]);
  });

  it('is not opened for who is no host, with a token or without', async () => {
    await using scene = await openSharingHosts(databases);
    const { host, service } = await scene.start('a');
    const { token } = await service.createToken({ name: 'ops', scopes: ['admin'], expiresInMs: 60_000 });
    const session = connectHttp2(`http://${host.ready.grpc}`);
    try {
      for (const [authorization, said] of [
        [`Bearer ${token}`, /lines are for the hosts that share a store/],
        ['Automate-Peer abc.def', /not signed with the master key/],
        ['', /has to know who calls/],
      ] as const) {
        const line = session.request(
          { ':method': 'POST', ':path': '/automate.Hosts/Line', ...(authorization === '' ? {} : { authorization }) },
          { endStream: false },
        );
        const [answer] = (await once(line, 'response')) as [IncomingHttpHeaders];
        expect(answer['grpc-status']).toBe('16');
        expect(decodeURI(String(answer['grpc-message']))).toMatch(said);
        line.close();
      }
    } finally {
      session.destroy();
    }
  });
});
