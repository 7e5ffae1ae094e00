import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { startConnector } from '@automate/testing';
import type { JsonObject } from '@automate/sdk';
import McpAdapter from '../src/mcp-adapter.ts';
import { startHttpServer } from './start-http-server.ts';

const MEGABYTE = Buffer.alloc(1024 * 1024, 'a');
const STDIO = {
  command: process.execPath,
  args: [
    '--disable-warning=ExperimentalWarning',
    fileURLToPath(new URL('./fixtures/stdio-server.ts', import.meta.url)),
  ],
};

async function open(settings: JsonObject, config: JsonObject = {}) {
  const connector = await startConnector(McpAdapter, { config: config as never, settings });
  try {
    await connector.adapter.connect();
    const found = await connector.discover();
    return { ...connector, found, [Symbol.asyncDispose]: connector.close };
  } catch (error) {
    await connector.close();
    throw connector.adapter.normalizeError(error);
  }
}

async function eventually(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(20);
}

describe.each(['http', 'stdio'])('a server of tools over %s', (way) => {
  async function start() {
    await using stack = new AsyncDisposableStack();
    const server = way === 'http' ? stack.use(await startHttpServer()) : undefined;
    const connector = stack.use(await open(server === undefined ? STDIO : { url: server.url }));
    const kept = stack.move();
    return { connector, server, [Symbol.asyncDispose]: () => kept.disposeAsync() };
  }

  it('has its tools as actions, which do what the tools do', async () => {
    await using it = await start();
    const { connector } = it;
    expect(connector.found.actions.map(({ name, sideEffects, idempotent }) => [name, sideEffects, idempotent])).toEqual(
      [
        ['die', true, false],
        ['env', true, false],
        ['fail', true, false],
        ['get_weather', false, true],
        ['grow', true, false],
        ['set_alarm', true, true],
        ['wait', true, false],
      ],
    );
    expect(connector.found.actions.find(({ name }) => name === 'get_weather')).toMatchObject({
      description: 'The weather of a city.',
      input: { type: 'object', required: ['city'] },
      output: { type: 'object', required: ['city', 'degrees'] },
    });
    await expect(connector.call('get_weather', { city: 'Oslo' })).resolves.toEqual({ city: 'Oslo', degrees: 21 });
    await expect(connector.call('set_alarm', { at: '7:00' })).resolves.toEqual({
      text: 'set to 7:00',
      content: [{ type: 'text', text: 'set to 7:00' }],
    });
    expect(await connector.health()).toMatchObject({ status: 'healthy', details: { tools: 7 } });
  });

  it('says what went wrong, and whose fault it is', async () => {
    await using it = await start();
    const { connector, server } = it;
    await expect(connector.call('get_weather', { town: 'Oslo' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      blame: 'caller',
    });
    await expect(connector.call('fail')).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      message: expect.stringContaining('the disk is full'),
      retryable: false,
      blame: 'remote',
      effect: 'maybe',
    });
    await expect(connector.call('wait', {}, { cancelAfterMs: 300 })).rejects.toMatchObject({ code: 'CANCELLED' });
    if (server !== undefined) await eventually(() => server.seen.cancelled === 1);
    await expect(connector.call('wait', {}, { timeoutMs: 400 })).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('is asked again when it offers others', async () => {
    await using it = await start();
    const { connector } = it;
    let changes = 0;
    Object.defineProperty((connector.adapter as unknown as { context: object }).context, 'actionsChanged', {
      value: () => (changes += 1),
    });
    await connector.call('grow');
    await eventually(() => changes > 0);
    const { actions } = await connector.discover();
    expect(actions.map(({ name }) => name)).toContain('grown');
    await expect(connector.call('grown')).resolves.toMatchObject({ text: 'new' });
  });
});

describe('a server over HTTP', () => {
  it('is told who asks, and its refusal blames the operator', async () => {
    await using server = await startHttpServer();
    server.token = 'token-of-the-tools';
    const auth = { type: 'bearer', token: 'token-of-the-tools' };
    await using connector = await open({ url: server.url }, { auth });
    await expect(connector.call('set_alarm', { at: '8' })).resolves.toMatchObject({ text: 'set to 8' });
    await expect(open({ url: server.url })).rejects.toMatchObject({ code: 'AUTH_FAILED', blame: 'operator' });
  });

  it('that forgets its sessions is asked for another one', async () => {
    await using server = await startHttpServer();
    await using connector = await open({ url: server.url });
    server.forget();
    await expect(connector.call('set_alarm', { at: '9' })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      retryable: true,
      effect: 'none',
    });
    await expect(connector.call('set_alarm', { at: '9' })).resolves.toMatchObject({ text: 'set to 9' });
    expect(server.seen.calls).toEqual(['set-alarm 9']);
  });

  it.each([
    [503, 'UPSTREAM_5XX'],
    [403, 'FORBIDDEN'],
  ])('that answers %i cannot be connected to', async (status, code) => {
    await using server = await startHttpServer();
    server.status = status;
    await expect(open({ url: server.url })).rejects.toMatchObject({ code });
  });

  it('that is not there is told of as by any other connector', async () => {
    const server = await startHttpServer();
    await server[Symbol.asyncDispose]();
    await expect(open({ url: server.url })).rejects.toMatchObject({ code: 'TRANSIENT_NETWORK', effect: 'none' });
    await expect(open({})).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('a server that is started', () => {
  it('sees nothing of the environment but what it is given, and is started again after its death', async () => {
    await using connector = await open({ ...STDIO, env: { WORD: 'given' }, include: ['env', 'die', 'set*'] });
    expect(connector.found.actions.map(({ name }) => name)).toEqual(['die', 'env', 'set_alarm']);
    const { text } = await connector.call('env');
    expect(String(text).split(' ')).toEqual(expect.arrayContaining(['PATH', 'WORD']));
    expect(String(text)).not.toMatch(/HOME|NODE_OPTIONS|JEST/);
    await expect(connector.call('die')).rejects.toMatchObject({ code: 'TRANSIENT_NETWORK', effect: 'maybe' });
    await expect(connector.call('set_alarm', { at: '1' })).resolves.toMatchObject({ text: 'set to 1' });
  });

  it('that is no such server, or not there, is told of', async () => {
    await expect(open({ command: '/nowhere/at/all' })).rejects.toMatchObject({
      message: expect.stringContaining('ENOENT'),
    });
    await expect(open({ command: '/bin/true' })).rejects.toMatchObject({ code: 'TRANSIENT_NETWORK' });
  });
});

it.each(['application/json', 'text/event-stream'])(
  'a server that never ends an answer of %s is not heard out',
  async (type) => {
    let sent = 0;
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        const {
          id,
          method = '',
          params,
        } = (body === '' ? {} : JSON.parse(body)) as {
          readonly id?: number;
          readonly method?: string;
          readonly params?: { readonly protocolVersion?: string };
        };
        const answer = (result: object): void =>
          void response
            .setHeader('content-type', 'application/json')
            .end(JSON.stringify({ jsonrpc: '2.0', id, ...result }));
        if (request.method !== 'POST') response.writeHead(405).end();
        else if (id === undefined) response.writeHead(202).end();
        else if (method === 'initialize')
          answer({
            result: {
              protocolVersion: params?.protocolVersion,
              capabilities: { tools: {} },
              serverInfo: { name: 'flood', version: '1' },
            },
          });
        else if (method === 'tools/list')
          answer({ result: { tools: [{ name: 'flood', inputSchema: { type: 'object' } }] } });
        else if (method !== 'tools/call') answer({ error: { code: -32601, message: 'no such method' } });
        else {
          response.setHeader('content-type', type).write(type === 'application/json' ? '"' : 'data: "');
          // Enough to see that somebody stopped it.
          const goOn = (): void => {
            while (sent < 200 && !response.destroyed) {
              sent += 1;
              if (!response.write(MEGABYTE)) return;
            }
          };
          response.on('drain', goOn);
          goOn();
        }
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    try {
      const { port } = server.address() as AddressInfo;
      await using connector = await open({ url: `http://127.0.0.1:${port}/mcp` });
      await expect(connector.call('flood', {}, { timeoutMs: 20_000 })).rejects.toMatchObject({
        code: 'UPSTREAM_5XX',
        retryable: false,
        details: { reason: 'answer_too_large' },
      });
      expect(sent).toBeLessThan(100);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  },
);
