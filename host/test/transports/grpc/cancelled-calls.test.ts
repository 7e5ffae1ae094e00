import { describe, expect, it } from '@jest/globals';
import { openGrpc } from './fixtures/open-grpc.ts';
import type { OpenGrpc } from './fixtures/open-grpc.ts';

/** More than Node's server takes on one connection in a burst before it ends it as an attack. */
const STORM = 1600;

/** Runs work many times, a few at once. */
async function storm(work: () => Promise<unknown>): Promise<void> {
  for (let count = 0; count < STORM; count += 40) await Promise.all(Array.from({ length: 40 }, work));
}

const slow = ({ client }: OpenGrpc) => client.execute({ id: 'echo', action: 'wait', payload: { ms: 60_000 } });

describe('a storm of cancelled calls', () => {
  it('costs the other calls of its connection that connection, which is nobody else’s fault', async () => {
    await using grpc = await openGrpc();
    const lost = expect(slow(grpc)).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      retryable: true,
      effect: 'maybe',
      blame: 'remote',
      details: { reason: 'connection_lost' },
    });
    await storm(async () => {
      const caller = new AbortController();
      const call = grpc.client.list({}, { signal: caller.signal });
      setTimeout(() => caller.abort(), 0);
      await call.catch(() => undefined);
    });
    await lost;
    await expect(grpc.client.list()).resolves.toHaveLength(1);
  });

  it('is none where it is watches that end: each has a connection of its own', async () => {
    await using grpc = await openGrpc();
    const call = grpc.client.execute({ id: 'echo', action: 'echo', payload: { a: 1 } });
    const caller = new AbortController();
    const waiting = grpc.client.execute(
      { id: 'echo', action: 'wait', payload: { ms: 60_000 } },
      { signal: caller.signal },
    );
    const cancelled = expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
    await storm(async () => {
      for await (const event of grpc.client.watch()) if (event.kind === 'synced') break;
    });
    await expect(call).resolves.toMatchObject({ result: { a: 1 } });
    caller.abort();
    await cancelled;
  });
});
