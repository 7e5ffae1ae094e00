import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { startRestServer } from '../../../src/transports/rest/server.ts';
import { MemoryService } from '../fixtures/memory-service.ts';
import { callServer, json, openRest } from './fixtures/open-rest.ts';

const WAIT = 'POST /api/v1/connectors/echo/actions/wait';
const options = { service: new MemoryService(), version: '1.0.0', ready: () => true };

/** Until the service has seen so many calls. */
async function seen(service: MemoryService, count: number): Promise<void> {
  while (service.calls.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('listening', () => {
  it('on port 0 picks a free one and says which', async () => {
    await using rest = await openRest();
    expect(rest.server.address).toBe(`http://127.0.0.1:${rest.server.port}`);
    expect((await fetch(`${rest.server.address}/health/live`)).status).toBe(200);
  });

  it('on a port that another program has is refused with a remedy', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(startRestServer({ ...options, host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(new RegExp(`127.0.0.1:${port}.*another program.*HTTP_PORT`)),
      details: { reason: 'address_in_use' },
    });
    other.close();
  });

  it('on localhost takes callers by name', async () => {
    await using rest = await openRest({ host: 'localhost' });
    expect((await fetch(`http://localhost:${rest.server.port}/health/live`)).status).toBe(200);
  });
});

describe('a caller that goes away', () => {
  it('cancels its call, and nobody else', async () => {
    await using rest = await openRest();
    const controller = new AbortController();
    const gone = rest.call(WAIT, { ...json({ ms: 20_000 }), signal: controller.signal });
    const staying = rest.call(WAIT, json({ ms: 300 }));
    await seen(rest.service, 2);
    controller.abort();
    await expect(gone).rejects.toMatchObject({ name: 'AbortError' });
    const signals = () =>
      rest.service.calls.map((call) => call.options.signal).toSorted((a) => (a?.aborted === true ? -1 : 1));
    while (signals()[0]?.aborted !== true) await new Promise((resolve) => setTimeout(resolve, 5));
    const [left, stays] = signals();
    expect(left?.reason).toMatchObject({ code: 'CANCELLED' });
    expect(stays?.aborted).toBe(false);
    expect((await staying).status).toBe(200);
  });

  it('after the answer cancels nothing', async () => {
    await using rest = await openRest();
    await rest.call(WAIT, json({ ms: 1 }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(rest.service.calls[0]?.options.signal?.aborted).toBe(false);
  });
});

describe('closing', () => {
  it('lets calls under way end, then refuses connections', async () => {
    const rest = await openRest();
    const underWay = rest.call(WAIT, json({ ms: 300 }));
    await seen(rest.service, 1);
    await rest.server.close({ drainMs: 10_000 });
    expect((await underWay).status).toBe(200);
    await expect(rest.call('GET /health/live')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(rest.service.closed).toBe(false);
  });

  it('cuts off what does not end in time, and cancels it', async () => {
    const rest = await openRest();
    const underWay = rest.call(WAIT, json({ ms: 60_000 })).catch((error: unknown) => error);
    await seen(rest.service, 1);
    await rest.server.close({ drainMs: 100 });
    expect(await underWay).toMatchObject({ code: 'ECONNRESET' });
    const signal = rest.service.calls[0]?.options.signal;
    while (signal?.aborted !== true) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(signal.reason).toMatchObject({ code: 'CANCELLED' });
  });

  it('does not wait for idle connections, nor for one that becomes idle meanwhile', async () => {
    const rest = await openRest();
    const agent = new Agent({ keepAlive: true });
    const fetchKept = (path: string, body?: string) =>
      new Promise<number>((resolve, reject) => {
        const headers = body === undefined ? {} : { 'content-type': 'application/json' };
        const method = body === undefined ? 'GET' : 'POST';
        request({ port: rest.server.port, host: '127.0.0.1', path, method, headers, agent }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode ?? 0));
        })
          .on('error', reject)
          .end(body);
      });
    const socket = connect(rest.server.port, '127.0.0.1');
    await once(socket, 'connect');
    expect(await fetchKept('/health/live')).toBe(200);
    const underWay = fetchKept('/api/v1/connectors/echo/actions/wait', '{"ms":200}');
    await seen(rest.service, 1);
    // Longer than a test may take.
    await rest.server.close({ drainMs: 600_000 });
    expect(await underWay).toBe(200);
    agent.destroy();
    socket.destroy();
  });

  it('answers 503 to what still comes over an open connection', async () => {
    const rest = await openRest();
    const socket = connect(rest.server.port, '127.0.0.1');
    await once(socket, 'connect');
    const body = '{"ms":300}';
    const head = `POST /api/v1/connectors/echo/actions/wait HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.write(head);
    await seen(rest.service, 1);
    const closing = rest.server.close({ drainMs: 10_000 });
    socket.write('GET /api/v1/connectors HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await Promise.all([closing, once(socket, 'close')]);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toMatch(/HTTP\/1\.1 503 /);
    expect(answer).toContain('"reason":"shutting_down"');
    expect(rest.service.calls).toHaveLength(1);
  });

  it('twice is once', async () => {
    const rest = await openRest();
    await Promise.all([rest.server.close(), rest.server.close({ drainMs: 1 })]);
    await rest.server.close();
    await expect(callServer(rest.server.port, 'GET /health/live')).rejects.toThrow();
  });
});
