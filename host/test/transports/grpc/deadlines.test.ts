import { connect } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { create } from '@bufbuild/protobuf';
import { endOf, frame, openStream } from './fixtures/http2-stream.ts';
import { callRaw, METHODS, openGrpc } from './fixtures/open-grpc.ts';

const wait = (ms: number) => ({ id: 'echo', action: 'wait', payload: { ms } });
const waitBytes = (ms: number) => ({ id: 'echo', action: 'wait', payload: Buffer.from(JSON.stringify({ ms })) });

/** Waits until it is so; the test's own time limit ends a wait for what never comes. */
async function until(so: () => boolean): Promise<void> {
  while (!so()) await sleep(5);
}

describe('a deadline', () => {
  it('reaches the service as the time that is left, whichever way it came', async () => {
    await using grpc = await openGrpc();
    await callRaw(grpc.raw, METHODS.listConnectors, { deadline: 10_000 });
    await callRaw(grpc.raw, METHODS.executeAction, {
      request: { ...waitBytes(0), timeoutMs: 3000n },
      deadline: 10_000,
    });
    await callRaw(grpc.raw, METHODS.executeAction, {
      request: { ...waitBytes(0), timeoutMs: 9_000_000n },
      deadline: 10_000,
    });
    await callRaw(grpc.raw, METHODS.listConnectors);
    const times = grpc.service.calls.map(({ options }) => options.timeoutMs);
    expect(times[0]).toBeGreaterThan(5000);
    expect(times[0]).toBeLessThan(10_000);
    expect(times[1]).toBe(3000);
    expect(times[2]).toBeLessThan(10_000);
    expect(times[3]).toBeUndefined();
  });

  it('ends the call with the service’s own words, not with a bare status', async () => {
    await using grpc = await openGrpc();
    const late = grpc.client.execute(wait(60_000), { timeoutMs: 150 });
    await expect(late).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'no answer within 150 ms',
      connector: 'echo',
      retryable: true,
      effect: 'maybe',
    });
  });

  it('ends the call with details for any gRPC client too', async () => {
    await using grpc = await openGrpc();
    const late = callRaw(grpc.raw, METHODS.executeAction, { request: waitBytes(60_000), deadline: 400 });
    await expect(late).rejects.toMatchObject({ code: 4 });
  });

  it('that has passed ends the call before it begins', async () => {
    await using grpc = await openGrpc();
    await expect(grpc.client.list({}, { timeoutMs: 0 })).rejects.toMatchObject({ code: 'TIMEOUT', effect: 'none' });
    expect(grpc.service.calls).toEqual([]);
  });

  it('may be further away than timers reach', async () => {
    await using grpc = await openGrpc();
    await expect(grpc.client.list({}, { timeoutMs: Number.MAX_SAFE_INTEGER })).resolves.toHaveLength(1);
    await expect(grpc.client.execute(wait(0), { timeoutMs: 2 ** 40 })).resolves.toMatchObject({ attempts: 1 });
  });

  it('in the message is for the service to judge, whatever it is', async () => {
    await using grpc = await openGrpc();
    for (const timeoutMs of [0n, 2n ** 53n, 2n ** 63n - 1n]) {
      await callRaw(grpc.raw, METHODS.executeAction, { request: { ...waitBytes(0), timeoutMs } }).catch(
        () => undefined,
      );
      expect(grpc.service.calls.at(-1)?.options.timeoutMs).toBe(Number(timeoutMs));
    }
  });

  it.each(['599H', '700H', '2160000S', '2592000S', '4294967S', '99999999H', '99999999M'])(
    'of %s ends no call before its time',
    async (timeout) => {
      await using grpc = await openGrpc();
      const session = connect(`http://${grpc.server.address}`);
      session.on('error', () => {});
      const stream = openStream(session, METHODS.executeAction.path, { 'grpc-timeout': timeout });
      const ended = endOf(stream);
      stream.end(frame(METHODS.executeAction.requestSerialize(create(METHODS.executeAction.input, waitBytes(100)))));
      expect(await ended).toBe('status 0');
      session.destroy();
    },
  );
});

describe('a caller that leaves', () => {
  it('fires the signal of the service, and gets CANCELLED', async () => {
    await using grpc = await openGrpc();
    const controller = new AbortController();
    const call = grpc.client.execute(wait(60_000), { signal: controller.signal });
    const failed = expect(call).rejects.toMatchObject({ code: 'CANCELLED', blame: 'caller' });
    await until(() => grpc.service.calls.length === 1);
    const { signal } = grpc.service.calls[0]!.options;
    expect(signal?.aborted).toBe(false);
    controller.abort();
    await failed;
    await until(() => signal?.aborted === true);
  });

  it('before it calls does not call', async () => {
    await using grpc = await openGrpc();
    const call = grpc.client.list({}, { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(grpc.service.calls).toEqual([]);
  });

  it('by losing its connection fires the signal too', async () => {
    await using grpc = await openGrpc();
    const session = connect(`http://${grpc.server.address}`);
    session.on('error', () => {});
    const stream = openStream(session, METHODS.executeAction.path);
    stream.end(frame(METHODS.executeAction.requestSerialize(create(METHODS.executeAction.input, waitBytes(60_000)))));
    await until(() => grpc.service.calls.length === 1);
    session.destroy();
    await until(() => grpc.service.calls[0]?.options.signal?.aborted === true);
  });

  it('leaves no listener on its signal behind', async () => {
    await using grpc = await openGrpc();
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners += 1;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners -= 1;
      removeEventListener.apply(signal, args);
    };
    for (let count = 0; count < 20; count += 1) await grpc.client.list({}, { signal });
    await grpc.client.get('ghost', { signal }).catch(() => {});
    expect(listeners).toBe(0);
  });

  it('is not told from one that stays once the call is over', async () => {
    await using grpc = await openGrpc();
    await grpc.client.execute(wait(0));
    await sleep(20);
    expect(grpc.service.calls[0]?.options.signal?.aborted).toBe(false);
  });
});

describe('trace context', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

  it('goes through to the service', async () => {
    await using grpc = await openGrpc();
    await grpc.client.execute(wait(0), { traceparent, tracestate: 'vendor=1,other=2' });
    await grpc.client.list({}, { traceparent });
    expect(grpc.service.calls.map(({ options }) => [options.traceparent, options.tracestate])).toEqual([
      [traceparent, 'vendor=1,other=2'],
      [traceparent, undefined],
    ]);
  });

  it.each([
    ['nothing', ''],
    ['words', 'rubbish'],
    ['one with more behind it', `${traceparent}-more`],
    ['one in capitals', traceparent.toUpperCase()],
    ['a very long one', 'x'.repeat(5000)],
  ])('that is none is left out: %s', async (_, value) => {
    await using grpc = await openGrpc();
    await callRaw(grpc.raw, METHODS.listConnectors, { metadata: { traceparent: value, tracestate: 'a=1' } });
    expect(grpc.service.calls[0]?.options).toMatchObject({ signal: expect.anything() });
    expect(grpc.service.calls[0]?.options.traceparent).toBeUndefined();
    expect(grpc.service.calls[0]?.options.tracestate).toBeUndefined();
  });
});
