import { once } from 'node:events';
import { connect as connectTcp, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@automate/client';
import type { ConnectorEvent } from '@automate/contract';
import { create } from '@bufbuild/protobuf';
import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { METHODS, openGrpc } from './fixtures/open-grpc.ts';
import type { OpenGrpc } from './fixtures/open-grpc.ts';

async function until(so: () => boolean): Promise<void> {
  while (!so()) await sleep(5);
}

/** Reads a watch in the background. */
function follow(grpc: Pick<OpenGrpc, 'client'>, signal?: AbortSignal) {
  const events: ConnectorEvent[] = [];
  const done = (async () => {
    for await (const event of grpc.client.watch({ ...(signal && { signal }) })) events.push(event);
  })();
  return { events, done };
}

describe('watching over gRPC', () => {
  it('ends without an error when the signal fires, and lets the service know', async () => {
    await using grpc = await openGrpc();
    const controller = new AbortController();
    const { events, done } = follow(grpc, controller.signal);
    await until(() => events.some(({ kind }) => kind === 'synced'));
    expect(grpc.service.watchers.count).toBe(1);
    controller.abort();
    await done;
    await until(() => grpc.service.watchers.count === 0);
  });

  it('that is over before it begins does not begin', async () => {
    await using grpc = await openGrpc();
    const { events, done } = follow(grpc, AbortSignal.abort());
    await done;
    expect(events).toEqual([]);
    expect(grpc.service.calls).toEqual([]);
  });

  it('lets the service know when the reader stops reading', async () => {
    await using grpc = await openGrpc();
    for await (const event of grpc.client.watch()) if (event.kind === 'synced') break;
    await until(() => grpc.service.watchers.count === 0);
  });

  it('ends when the client closes, without an error', async () => {
    await using grpc = await openGrpc();
    const { events, done } = follow(grpc);
    await until(() => events.some(({ kind }) => kind === 'synced'));
    await grpc.client.close();
    await done;
    await until(() => grpc.service.watchers.count === 0);
  });

  it('ends when the service closes, without an error', async () => {
    await using grpc = await openGrpc();
    const { events, done } = follow(grpc);
    await until(() => events.some(({ kind }) => kind === 'synced'));
    await grpc.service.close();
    await done;
  });

  it('fails with an error when the connection is lost', async () => {
    await using grpc = await openGrpc();
    const sockets = new Set<Socket>();
    const cable = createServer((near) => {
      const far = connectTcp(grpc.server.port, '127.0.0.1');
      for (const socket of [near, far]) sockets.add(socket.on('error', () => {}));
      near.pipe(far).pipe(near);
    });
    await once(cable.listen(0, '127.0.0.1'), 'listening');
    const client = await connect({ address: `127.0.0.1:${(cable.address() as AddressInfo).port}` });
    const { events, done } = follow({ client });
    const failed = expect(done).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      details: { reason: 'connection_lost' },
    });
    await until(() => events.some(({ kind }) => kind === 'synced'));
    cable.close();
    for (const socket of sockets) socket.destroy();
    await failed;
    await until(() => grpc.service.watchers.count === 0);
    // The connection for calls may only now find out.
    await client.list().catch(() => undefined);
    await expect(client.list()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: { reason: 'service_unreachable' },
    });
    await client.close();
  });

  it('fails with the error that the service failed with', async () => {
    await using grpc = await openGrpc();
    grpc.service.watch = async function* () {
      yield { kind: 'synced', revision: 1 };
      throw new TypeError('a fault in the service');
    };
    const { events, done } = follow(grpc);
    await expect(done).rejects.toMatchObject({ code: 'INTERNAL_ERROR', details: { reason: 'unexpected' } });
    expect(events).toHaveLength(1);
  });

  it('a reader that does not read holds up the service’s stream, and gets everything in the end', async () => {
    await using grpc = await openGrpc();
    const total = 2000;
    let made = 0;
    grpc.service.watch = async function* () {
      const [connector] = await grpc.service.list();
      const padded = { ...connector!, description: 'x'.repeat(20_000) };
      for (; made < total; made += 1) yield { kind: 'status', revision: made, connector: padded };
    };
    const stream = grpc.raw.makeServerStreamRequest(
      METHODS.watchConnectors.path,
      METHODS.watchConnectors.requestSerialize,
      METHODS.watchConnectors.responseDeserialize,
      create(METHODS.watchConnectors.input),
      new Metadata(),
    );
    stream.on('error', () => {});
    const events = (stream as AsyncIterable<{ revision: bigint }>)[Symbol.asyncIterator]();
    const revisions = [Number((await events.next()).value.revision)];
    let before = -1;
    while (before !== made) {
      before = made;
      await sleep(150);
    }
    expect(made).toBeLessThan(total);
    for await (const event of { [Symbol.asyncIterator]: () => events }) revisions.push(Number(event.revision));
    expect(revisions).toEqual(Array.from({ length: total }, (_, index) => index));
  });
});
