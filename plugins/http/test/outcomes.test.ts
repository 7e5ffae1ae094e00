import { createServer } from 'node:net';
import type { JsonObject } from '@automate/sdk';
import type { FakeHandler, StartConnectorOptions } from '@automate/testing';
import { closedPort, createCertificateAuthority, FakeService, startConnector } from '@automate/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import HttpAdapter from '../src/http-adapter.ts';
import { outcomes } from '../src/outcomes.ts';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
});

async function post(options: StartConnectorOptions, payload: JsonObject = {}, timeoutMs = 10_000): Promise<unknown> {
  const connector = await startConnector(HttpAdapter, options);
  running.push(connector);
  return connector.call('request', { method: 'POST', path: '/', ...payload }, { timeoutMs });
}

async function answered(answer: FakeHandler, payload: JsonObject = {}, timeoutMs?: number): Promise<unknown> {
  const server = await FakeService.start();
  running.push(server);
  server.on('*', /./, answer);
  return post({ url: server.url }, payload, timeoutMs);
}

/** Listens and never accepts a handshake: over TLS that is no connection yet. */
async function silent(): Promise<string> {
  const server = createServer((socket) => void socket.on('error', () => undefined));
  const sockets = new Set<{ destroy(): unknown }>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.push({
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  const address = server.address();
  return `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

const CASES: readonly (readonly (() => Promise<unknown>)[])[] = [
  [
    async () => post({ url: `http://127.0.0.1:${await closedPort()}` }),
    async () => post({ url: 'http://no-such-host.invalid' }),
    async () => post({ url: 'http://api.invalid', config: { proxy: `http://127.0.0.1:${await closedPort()}` } }),
  ],
  [
    async () => {
      const server = await FakeService.start({ tls: createCertificateAuthority().issue() });
      running.push(server);
      return post({ url: server.url });
    },
  ],
  [async () => post({ url: await silent() }, {}, 100)],
  [
    () => answered(() => ({ drop: 'request' })),
    () => answered(() => ({ text: 'x'.repeat(1000), drop: 'body' })),
    () => answered(() => ({ drop: 'never' }), {}, 300),
  ],
  [
    () => answered(() => ({ status: 429 })),
    async () => {
      const server = await FakeService.start();
      running.push(server);
      server.on('*', /./, { status: 429, headers: { 'retry-after': '30' } });
      const connector = await startConnector(HttpAdapter, { url: server.url });
      running.push(connector);
      await connector.call('request', { method: 'POST', path: '/' }).catch(() => undefined);
      return connector
        .call('request', { method: 'POST', path: '/' })
        .finally(() => expect(server.requests).toHaveLength(1));
    },
  ],
  [() => answered(() => ({ status: 425 }))],
  [400, 401, 403, 404, 409, 422].map((status) => () => answered(() => ({ status }))),
  [408, 500, 502, 503].map((status) => () => answered(() => ({ status }))),
  [501, 505].map((status) => () => answered(() => ({ status }))),
  [
    () => answered(() => ({ text: 'x'.repeat(1000) }), { max_bytes: 10 }),
    () => answered(() => ({ text: 'x', headers: { 'content-encoding': 'gzip' } })),
    () => answered(() => ({ text: '{"cut', headers: { 'content-type': 'application/json' } })),
    () => answered(() => ({ bytes: Buffer.from([0xff]), headers: { 'content-type': 'application/json' } })),
  ],
  [() => answered(() => ({ status: 302, headers: { location: '/x' } }))],
  [
    () =>
      answered(({ method }) => (method === 'POST' ? { status: 303, headers: { location: '/x' } } : { status: 404 })),
    () =>
      answered(({ method }) => (method === 'POST' ? { status: 303, headers: { location: '/x' } } : { status: 429 })),
  ],
];

describe('the outcomes in the README', () => {
  it('have a case each', () => {
    expect(CASES).toHaveLength(outcomes.length);
  });

  it.each(outcomes.map((rule, index) => [rule.when, rule, CASES[index] ?? []] as const))(
    'are true of: %s',
    async (_when, { effect, retried }, cases) => {
      for (const failing of cases) {
        const error = await failing().then(
          () => 'a success',
          (reason: unknown) => reason,
        );
        expect(error).toMatchObject({ effect, ...(typeof retried === 'boolean' ? { retryable: retried } : {}) });
      }
    },
  );
});
