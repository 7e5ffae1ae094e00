import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConnectorConfigInput, ConnectorService } from '@automate/contract';
import { connect } from '../src/index.ts';
import { startOriginalService } from './fixtures/original-service.ts';

async function listen(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('connecting to an address', () => {
  it('where nobody listens fails at once, and says what to do', async () => {
    const server = createServer();
    const address = await listen(server);
    server.close();
    await expect(connect({ address })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
      effect: 'none',
      blame: 'operator',
      message: expect.stringMatching(new RegExp(`${address}.*automate start.*CONNECTORS_SERVICE_ADDR.*ECONNREFUSED`)),
      details: { reason: 'service_unreachable', address },
    });
  });

  it('whose name nobody knows fails', async () => {
    const failed = connect({ address: 'no-such-host.invalid:50051' });
    await expect(failed).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'service_unreachable' } });
  });

  it('where an HTTP server listens fails, and does not hang', async () => {
    const server = createHttpServer((_request, response) => response.end('hello'));
    const address = await listen(server);
    await expect(connect({ address, connectTimeoutMs: 3000 })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    server.close();
  });

  it('where someone listens and says nothing fails when the time is up', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => void sockets.push(socket.on('error', () => {})));
    const address = await listen(server);
    await expect(connect({ address, connectTimeoutMs: 200 })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('that is none is refused', async () => {
    await expect(connect({ address: 'http://127.0.0.1' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('from the environment never falls back to this process', async () => {
    const env = { CONNECTORS_SERVICE_ADDR: '127.0.0.1:1' };
    await expect(connect({ env })).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { address: '127.0.0.1:1' } });
  });
});

describe('a service of the original interface that is not ours', () => {
  let original: Awaited<ReturnType<typeof startOriginalService>>;
  let client: ConnectorService;

  beforeEach(async () => {
    original = await startOriginalService();
    client = await connect({ env: { CONNECTORS_SERVICE_ADDR: original.address } });
  });
  afterEach(async () => {
    await client.close();
    original.close();
  });

  it('is understood, with what it leaves out filled in', async () => {
    await expect(client.list()).resolves.toMatchObject([
      { id: 'slack', kind: 'chat', type: 'custom', status: 'unknown', mode: 'local', owner: 'api', isolation: 'none' },
      { id: 'odd', kind: 'odd', type: 'custom' },
    ]);
    await expect(client.get('slack')).resolves.toMatchObject({
      config: { id: 'slack', name: 'slack', kind: 'slack', auth: { type: 'none' }, retry: { attempts: 3 } },
    });
    await expect(client.healthCheckAll()).resolves.toEqual({
      slack: { id: 'slack', status: 'healthy', healthy: true, message: '', responseTimeMs: 0, consecutiveFailures: 0 },
      odd: { id: 'odd', status: 'unknown', healthy: false, message: '', responseTimeMs: 0, consecutiveFailures: 0 },
    });
  });

  it('fails with errors of the table', async () => {
    await expect(client.get('ghost')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('connector not found'),
    });
    await expect(client.register({ id: 'more' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: 'there are enough connectors already',
    });
    await expect(client.describe('slack')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: false,
      message: expect.stringContaining('DescribeConnector'),
    });
    const watching = client.watch()[Symbol.asyncIterator]();
    await expect(watching.next()).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'unimplemented' } });
  });

  it('that answers what nobody understands is told so, with every problem', async () => {
    await expect(client.get('newer')).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
      details: { reason: 'unreadable_answer' },
      message: expect.stringContaining('upgrade the client'),
      problems: [{ path: 'type', received: '77' }],
    });
    await expect(client.get('empty')).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
  });

  it.each([
    ['a port with a fraction', { port: 80.5 }, 'port'],
    ['a port that is a text', { port: '80' }, 'port'],
    ['an unknown type', { type: 'magic' }, 'type'],
    ['an interval of nothing', { healthCheck: { intervalMs: 0 } }, 'health_check.interval'],
    ['tags that are no list', { tags: 'a' }, 'tags'],
    ['settings that no JSON has', { settings: { when: Number.NaN } }, 'settings.when'],
  ])('is not bothered with %s: the problem is the schema’s own', async (_, part, path) => {
    const config = { id: 'x', ...part } as unknown as ConnectorConfigInput;
    const error = (await client.register(config).catch((reason: unknown) => reason)) as {
      code: string;
      problems: { path: string }[];
    };
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.problems.map((problem) => problem.path)).toEqual([path]);
  });

  it('cannot be called after the client was closed', async () => {
    await client.close();
    await client.close();
    await expect(client.list()).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'closed' } });
    await expect(client.watch()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      details: { reason: 'closed' },
    });
  });

  it('is let go by `await using`', async () => {
    let held: ConnectorService;
    {
      await using opened = await connect({ address: original.address });
      held = opened;
      await expect(opened.list()).resolves.toHaveLength(2);
    }
    await expect(held.list()).rejects.toMatchObject({ details: { reason: 'closed' } });
  });
});
