import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { eventually } from '@automate/tooling/eventually';
import { expect, it } from '@jest/globals';
import { KnownHosts } from '../../src/cluster/known-hosts.ts';
import { createPeerCredentials } from '../../src/cluster/peer-credentials.ts';
import { Peers } from '../../src/cluster/peers.ts';
import type { LivingHost } from '../../src/store/placement-store.ts';

/** Another host that lets lines in, and says nothing more over them: it answers whether it is there, so that the line by itself never ends. */
async function openSilentHost() {
  const lines: ServerHttp2Stream[] = [];
  const server = createServer().listen(0, '127.0.0.1');
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    stream.on('data', () => undefined);
    lines.push(stream);
  });
  server.on('session', (session) => session.on('error', () => undefined));
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, lines, close: () => server.close() };
}

function livingAt(address: string): LivingHost {
  const at = new Date().toISOString();
  const bytes = { memoryBytes: 0, memoryLimitBytes: 0, memoryFreeBytes: 0 };
  return {
    ...{
      id: 'other',
      instance: randomUUID(),
      name: 'other',
      version: '1.0.0',
      address,
      labels: [],
      pid: 1,
      digest: '',
    },
    ...{ held: 0, load: 0, isLeaving: false, since: at, lastBeatAt: at, ...bytes },
  };
}

it('calls to a host end with it each time that it is gone, also where the same process comes back in between', async () => {
  const silent = await openSilentHost();
  const hosts = new KnownHosts('self');
  const keys = [randomBytes(32)];
  const peers = new Peers({
    id: 'self',
    credentials: createPeerCredentials({ id: 'self', instance: randomUUID(), now: () => Date.now(), keys: () => keys }),
    authorities: () => [],
    lifeOf: (host) => hosts.lifeOf(host),
    warn: () => undefined,
    onFault: () => undefined,
  });
  try {
    const other = livingAt(silent.address);
    for (const times of [1, 2, 3]) {
      hosts.meet([other]);
      const line = peers.lineTo(other);
      const answer = line.executeText({ id: 'shared', action: 'read', payload: '{}' }, {}).catch((error) => error);
      await line.ready();
      await eventually(() => silent.lines.length === times);
      hosts.meet([]);
      expect(await answer).toMatchObject({ code: 'TRANSIENT_NETWORK', details: { reason: 'connection_lost' } });
      await eventually(() => silent.lines.every((each) => each.closed));
    }
    const unheard = expect.objectContaining({
      effect: 'none',
      details: expect.objectContaining({ reason: 'service_unreachable' }),
    });
    expect(() => peers.lineTo(other)).toThrow(unheard);
    hosts.meet([{ ...other, instance: randomUUID() }]);
    expect(() => peers.serviceOf(other)).toThrow(unheard);
  } finally {
    await peers.close();
    silent.close();
  }
});
