import { createHmac } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { JsonObject } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ROOT } from '../docs/fixtures/read-docs.ts';
import { RemoteSystem } from '../executions/fixtures/remote-system.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { sendHook, sendUntilTaken, signedBySlack } from './fixtures/send-hook.ts';
import type { WebhookEvent } from './fixtures/watch-webhooks.ts';
import { watchWebhooks } from './fixtures/watch-webhooks.ts';

const YAML = (port: number): string => `
plugins: { grants: { 'connector-hooked': { network: ['*'] } } }
connectors:
  - { id: starts, kind: hooked, host: 127.0.0.1, port: ${port}, webhook: { action: take }, settings: { secret: hush }, health_check: { enabled: false } }
  - { id: repository, kind: http, host: 127.0.0.1, port: ${port}, settings: { webhook: { secret: hush, header: X-Seal, id_header: X-Delivery } }, health_check: { enabled: false } }
`;

let remote: RemoteSystem;
let host: SandboxHost;
const told: WebhookEvent[] = [];
const over = new AbortController();
const address = (): string => host.host.httpAddress ?? '';
beforeAll(async () => {
  remote = await RemoteSystem.open();
  const source = await readFile(join(import.meta.dirname, 'fixtures', 'hooked.js'), 'utf8');
  host = await SandboxHost.open({
    kinds: [],
    yaml: YAML(remote.port),
    prepare: async (sandbox) => {
      await sandbox.addConnector({ kind: 'hooked', source });
      await sandbox.linkPackage('@automate/connector-http', join(ROOT, 'plugins', 'http'));
      const file = join(sandbox.root, 'package.json');
      const manifest = JSON.parse(await readFile(file, 'utf8')) as JsonObject & { dependencies?: JsonObject };
      const dependencies = { ...manifest.dependencies, '@automate/connector-http': 'workspace:*' };
      await writeFile(file, JSON.stringify({ ...manifest, dependencies }));
    },
  });
  await watchWebhooks(host.service, over.signal, told);
});
afterAll(async () => {
  over.abort();
  await host?.[Symbol.asyncDispose]();
  await remote?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  told.length = 0;
  remote.asked.length = 0;
});

const start = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  sendUntilTaken(address(), 'starts', () => ({ body, headers: { ...signedBySlack(body), ...headers } }));

describe('a genuine webhook', () => {
  it.each([
    ['a number that a double rounds', '{"id":12345678901234567890123}'],
    ['a key that stands twice', '{"id":1,"id":2}'],
    ['a key that reaches a prototype', '{"__proto__":{"id":1}}'],
    ['more levels than a payload may have', `${'['.repeat(5000)}${']'.repeat(5000)}`],
  ])('is run with every byte of it where it is JSON with %s', async (_what, body) => {
    expect(await start(body)).toMatchObject({ status: 202 });
    await eventually(() => remote.asked.length > 0 && told.length > 0);
    expect(remote.asked[0]?.payload['body']).toBe(body);
    expect(told[0]?.delivery).toMatchObject({ encoding: 'text', body });
  });

  it('is taken with as large a body as may be, whatever is in it', async () => {
    const body = Buffer.alloc(1024 * 1024, 1);
    expect(await start(body)).toMatchObject({ status: 202 });
    await eventually(() => remote.asked.length > 0);
    expect(remote.asked[0]?.payload).toMatchObject({ encoding: 'base64', body: body.toString('base64') });
  });

  it.each(['', 'text', ';;;', 'application/json, text/plain'])(
    'is taken whatever its sender calls the type of its body: %j',
    async (type) => {
      const body = `a body of the type ${type}`;
      expect(await start(body, { 'content-type': type })).toMatchObject({ status: 202 });
      await eventually(() => told.length > 0);
      expect(told[0]?.delivery).toMatchObject({ headers: { 'content-type': type }, body });
    },
  );

  it('is one delivery, however its signature is written, and its signature is shown to nobody, whatever its header is called', async () => {
    const body = '{"order":1}';
    const signature = createHmac('sha256', 'hush').update(body).digest('hex');
    const send = (written: string) =>
      sendUntilTaken(address(), 'repository', () => ({
        body,
        headers: { 'X-Seal': `sha256=${written}`, 'X-Delivery': '1' },
      }));
    expect(await send(signature)).toMatchObject({ status: 202 });
    expect(await send(signature.toUpperCase())).toMatchObject({ status: 202 });
    for (const more of ['zz', ', other', '=', ' x'])
      expect(await send(`${signature}${more}`)).toMatchObject({ status: 401 });
    await eventually(() => told.length > 0);
    expect(told.map(({ delivery: { headers } }) => headers)).toEqual([
      { 'content-type': 'application/json', 'x-delivery': '1' },
    ]);
  });
});

describe('one stranger alone', () => {
  it('does not keep out those who send from elsewhere, by many bodies that do not come', async () => {
    await start('the worker runs');
    const { port } = new URL(address());
    const over: Promise<void>[] = [];
    const open = (index: number): Socket => {
      const socket = connectSocket({ port: Number(port), host: '127.0.0.1', localAddress: '127.0.0.2' });
      socket.on('error', () => undefined).resume();
      over.push(new Promise((resolve) => socket.once('close', () => resolve())));
      socket.write(`POST /hooks/none-${index} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nx`);
      return socket;
    };
    const sockets = Array.from({ length: 120 }, (_, index) => open(index));
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    const body = 'sent meanwhile';
    expect(await sendHook(address(), 'starts', { body, headers: signedBySlack(body) })).toMatchObject({ status: 202 });
    // Nor do they stay: those that have a place have to send.
    await Promise.all(over);
  });
});
