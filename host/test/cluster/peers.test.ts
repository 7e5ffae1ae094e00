import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { eventually } from '@automate/tooling/eventually';
import { expect, it } from '@jest/globals';
import { KnownHosts } from '../../src/cluster/known-hosts.ts';
import { LineEnd } from '../../src/cluster/line-end.ts';
import type { SaidOfAnswer, SaidOfCall } from '../../src/cluster/line-sayings.ts';
import { createPeerCredentials } from '../../src/cluster/peer-credentials.ts';
import { Peers } from '../../src/cluster/peers.ts';
import type { LivingHost } from '../../src/store/placement-store.ts';

/**
 * Another host that lets lines in, and answers no call over them, at most that it takes no more: it answers whether it is there, so that the
 * line by itself never ends.
 */
async function openSilentHost(keyOf: (authorization: string) => Uint8Array, { takesOne = false } = {}) {
  const lines: ServerHttp2Stream[] = [];
  const server = createServer().listen(0, '127.0.0.1');
  server.on('stream', (stream, { authorization = '' }) => {
    stream.on('error', () => undefined);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    const end = new LineEnd<SaidOfAnswer, SaidOfCall>(stream, {
      key: keyOf(authorization),
      as: 'called',
      hear: () => takesOne && end.say({ last: 1 }),
      onBroken: () => undefined,
    });
    lines.push(stream);
  });
  server.on('session', (session) => session.on('error', () => undefined));
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, lines, close: () => server.close() };
}

function livingAt(address: string, instance: string): LivingHost {
  const at = new Date().toISOString();
  const bytes = { memoryBytes: 0, memoryLimitBytes: 0, memoryFreeBytes: 0 };
  return {
    ...{
      id: 'other',
      instance,
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

async function openPeers(how?: { readonly takesOne: boolean }) {
  const keys = [randomBytes(32)];
  const instance = randomUUID();
  const credentialsOf = (id: string, of: string) =>
    createPeerCredentials({ id, instance: of, now: () => Date.now(), keys: () => keys });
  const theirs = credentialsOf('other', instance);
  const silent = await openSilentHost((header) => theirs.read(header)?.lineKey() ?? new Uint8Array(), how);
  const hosts = new KnownHosts('self');
  const peers = new Peers({
    id: 'self',
    credentials: credentialsOf('self', randomUUID()),
    authorities: () => [],
    lifeOf: (host) => hosts.lifeOf(host),
    warn: () => undefined,
    onFault: () => undefined,
  });
  return { silent, hosts, peers, other: livingAt(silent.address, instance) };
}

it('a call that is under way ends with its host also over a line that takes no more', async () => {
  const { silent, hosts, peers, other } = await openPeers({ takesOne: true });
  try {
    hosts.meet([other]);
    const answers: Promise<unknown>[] = [];
    // The first line is told no more once it has said so; the next call has another one.
    await eventually(() => {
      const line = peers.lineTo(other);
      answers.push(line.executeText({ id: 'shared', action: 'read', payload: '{}' }, {}).catch((error) => error));
      return silent.lines.length === 2;
    });
    hosts.meet([]);
    for (const answer of answers) expect(await answer).toMatchObject({ details: { address: other.address } });
    await eventually(() => silent.lines.every((each) => each.closed));
  } finally {
    await peers.close();
    silent.close();
  }
});

it('calls to a host end with it each time that it is gone, also where the same process comes back in between', async () => {
  const { silent, hosts, peers, other } = await openPeers();
  try {
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
