import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http2';
import { eventually } from '@automate/tooling/eventually';
import { expect, it } from '@jest/globals';
import { explainUnreached } from '../../src/cluster/explain-unreached.ts';
import { Line } from '../../src/cluster/line.ts';
import { createPeerCredentials } from '../../src/cluster/peer-credentials.ts';
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

  it('is not opened for a host with another master key, and who calls there is not told to sign in', async () => {
    await using scene = await openSharingHosts(databases);
    const { host } = await scene.start('a');
    const address = host.ready.grpc;
    const credentials = createPeerCredentials({
      id: 'one',
      instance: 'i1',
      keys: () => [randomBytes(32)],
      now: () => Date.now(),
    });
    const told: string[] = [];
    const line = new Line({
      address,
      authorities: () => [],
      begin: () => credentials.beginLine({ from: 'one', to: 'other', instance: 'i2' }),
      onRefused: ({ message }) => told.push(message),
    });
    const reason = await line.executeText({ id: 'shared', action: 'read', payload: '{}' }, {}).catch((error) => error);
    expect(told).toEqual([expect.stringMatching(/give all hosts the same MASTER_KEY_FILE/)]);
    expect(explainUnreached({ address }, reason)).toMatchObject({
      ...{ code: 'UNAVAILABLE', effect: 'none', retryable: true, blame: 'operator' },
      details: { reason: 'peer_refused', address },
      message: expect.stringMatching(/does not take what this host passes on: .* MASTER_KEY_FILE/),
    });
  });
});
