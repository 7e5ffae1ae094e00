import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import type { ConnectorService, Execution } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { startGrpcServer } from '../../../src/transports/grpc/server.ts';
import { MemoryService } from '../fixtures/memory-service.ts';

const LOGGER = { debug: () => undefined, warn: () => undefined, error: () => undefined };

let service: MemoryService;
let server: Awaited<ReturnType<typeof serve>>;
let client: ConnectorService;
const serve = (port: number) => startGrpcServer({ service, host: '127.0.0.1', port, logger: LOGGER });
beforeEach(async () => {
  service = new MemoryService([{ id: 'echo' }]);
  server = await serve(0);
  client = await connect({ address: server.address });
});
afterEach(async () => {
  await client.close();
  await server.close({ drainMs: 0 });
});

/** Watches in the background. */
function watch(id: string, signal?: AbortSignal) {
  const told: Execution[] = [];
  const over = (async () => {
    for await (const now of client.watchExecution(id, signal === undefined ? {} : { signal })) told.push(now);
  })();
  over.catch(() => undefined);
  return { told, over };
}

const LATER = { id: 'echo', action: 'echo', runAt: '2999-01-01T00:00:00Z' } as const;

describe('a watch of an execution', () => {
  it('survives that its service goes away and comes back, and tells nothing twice', async () => {
    const { id } = await client.startExecution(LATER);
    const { told, over } = watch(id);
    await eventually(() => told.length === 1);
    const { port } = server;
    await server.close({ drainMs: 0 });
    server = await serve(port);
    await eventually(() => service.calls.filter(({ method }) => method === 'watchExecution').length > 1);
    await service.cancelExecution(id);
    await over;
    expect(told.map(({ status }) => status)).toEqual(['queued', 'cancelled']);
  });

  it('tells of an end that came while its service was away', async () => {
    const { id } = await client.startExecution(LATER);
    const { told, over } = watch(id);
    await eventually(() => told.length === 1);
    const { port } = server;
    await server.close({ drainMs: 0 });
    await service.cancelExecution(id);
    server = await serve(port);
    await over;
    expect(told.map(({ status }) => status)).toEqual(['queued', 'cancelled']);
  });

  it.each(['signal', 'close'])('ends without an error by its %s, also while its service is away', async (how) => {
    const { id } = await client.startExecution(LATER);
    const caller = new AbortController();
    const { told, over } = watch(id, caller.signal);
    await eventually(() => told.length === 1);
    await server.close({ drainMs: 0 });
    if (how === 'signal') caller.abort();
    else await client.close();
    await over;
    expect(told).toHaveLength(1);
  });

  it('that does not begin fails as any call does', async () => {
    await expect(watch('nope').over).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(watch('').over).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await server.close({ drainMs: 0 });
    await expect(watch('1').over).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: { reason: 'service_unreachable' },
    });
  });

  it('ends with the execution', async () => {
    const { id } = await client.startExecution({ id: 'echo', action: 'wait', payload: { ms: 50 } });
    const { told, over } = watch(id);
    await over;
    expect(told.at(-1)).toMatchObject({ status: 'succeeded', result: { waited: 50 } });
    expect(new Set(told.map((now) => JSON.stringify(now))).size).toBe(told.length);
  });
});
