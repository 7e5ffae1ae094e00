// Long, as everything that can become of a webhook stands here, over one host.
import { readFile } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { connect } from '@automate/client';
import { eventually } from '@automate/tooling/eventually';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RemoteSystem } from '../executions/fixtures/remote-system.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { sendHook, sendUntilTaken, signedBySlack } from './fixtures/send-hook.ts';
import type { WebhookEvent } from './fixtures/watch-webhooks.ts';
import { watchWebhooks } from './fixtures/watch-webhooks.ts';

const AT_LEVELS = ['thread', 'process', 'restricted'] as const;
const more = 'settings: { secret: hush }, health_check: { enabled: false }';
const YAML = (port: number): string => `
plugins: { grants: { 'connector-hooked': { network: ['*'] } } }
connectors:
  - { id: starts, kind: hooked, host: 127.0.0.1, port: ${port}, webhook: { action: take }, ${more} }
${AT_LEVELS.map((level) => `  - { id: at-${level}, kind: hooked, isolation: ${level}, ${more} }`).join('\n')}
  - { id: bare, kind: hooked, health_check: { enabled: false } }
  - { id: off, kind: hooked, enabled: false, ${more} }
  - { id: flooded, kind: hooked, limits: { queue: 1000 }, ${more} }
  - { id: echo, kind: echo, health_check: { enabled: false } }
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
    kinds: ['echo'],
    yaml: YAML(remote.port),
    env: { AUDIT: 'on' },
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'hooked', source })),
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

let sent = 0;
const newBody = (more: object = {}): string => JSON.stringify({ ...more, number: (sent += 1) });
const send = (connector: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
  sendUntilTaken(address(), connector, () => ({ body, headers: { ...signedBySlack(body), ...headers } }));

describe.each(AT_LEVELS)('a connector at the level %s', (level) => {
  it('takes what is genuine, once, and refuses all else alike', async () => {
    const id = `at-${level}`;
    const body = newBody({ level });
    expect(await send(id, body)).toMatchObject({ status: 202, body: '' });
    expect(await send(id, body)).toMatchObject({ status: 202 });
    await eventually(() => told.length > 0);
    expect(told.map(({ id: connector, delivery }) => [connector, delivery.encoding, delivery.body])).toEqual([
      [id, 'json', JSON.parse(body)],
    ]);
    const signed = signedBySlack(body);
    const wrong = [
      sendHook(address(), id, { body }),
      sendHook(address(), id, { body, headers: signedBySlack(body, { secret: 'other' }) }),
      sendHook(address(), id, { body, headers: signedBySlack(body, { secondsAgo: 301 }) }),
      sendHook(address(), id, { body: `${body} `, headers: signed }),
    ];
    for (const answer of await Promise.all(wrong)) expect(answer.status).toBe(401);
    expect(told).toHaveLength(1);
  });

  it('goes on after its worker was killed as it judged one, and asks for that one again', async () => {
    const id = `at-${level}`;
    if (level === 'thread') return;
    const dying = newBody({ die: 'die' });
    expect(await sendHook(address(), id, { body: dying, headers: signedBySlack(dying) })).toMatchObject({
      status: 503,
      headers: { 'retry-after': '2' },
    });
    expect(await send(id, newBody())).toMatchObject({ status: 202 });
  });

  it('loses nothing where its adapter does not answer, or answers oddly', async () => {
    const id = `at-${level}`;
    for (const wrong of [...(level === 'thread' ? [{ wait: 'wait' }] : []), { odd: 'odd' }]) {
      const body = newBody(wrong);
      expect(await sendHook(address(), id, { body, headers: signedBySlack(body) })).toMatchObject({ status: 503 });
    }
    expect(await send(id, newBody())).toMatchObject({ status: 202 });
    expect(host.logText).toMatch(/verifyWebhook\(\) of \\"hooked\\": it must answer true, false, or an object/);
  });
});

describe('whoever cannot sign', () => {
  it('is told the same, whatever there is', async () => {
    const body = newBody();
    const told = await Promise.all(
      ['at-thread', 'bare', 'off', 'echo', 'nobody', 'NO_ID', '%00', 'a'.repeat(300)].map((connector) =>
        sendHook(address(), connector, { body, headers: signedBySlack(body, { secret: 'other' }) }),
      ),
    );
    const [first, ...others] = told.map(({ status, body: said, headers }) => ({ status, said, ...headers, date: '' }));
    expect(first).toMatchObject({ status: 401 });
    for (const other of others) expect(other).toEqual(first);
  });

  it('starts no worker of a kind that takes no webhooks', async () => {
    const starts = (): number => [...host.logText.matchAll(/"connector":"echo"/g)].length;
    const before = starts();
    await host.service.describe('echo');
    for (let count = 0; count < 3; count += 1) await sendHook(address(), 'echo', { body: '{}' });
    expect(starts()).toBe(before);
  });

  it('takes nothing from calls, however much comes', async () => {
    const flood = Array.from({ length: 400 }, () => sendHook(address(), 'flooded', { body: 'x'.repeat(10_000) }));
    const calls = Array.from({ length: 200 }, (_, index) =>
      host.service.execute({ id: 'flooded', action: 'say', payload: { index } }),
    );
    const genuine = send('flooded', newBody());
    expect((await Promise.all(calls)).map(({ result }) => result)).toEqual(calls.map((_, index) => ({ index })));
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    expect(statuses.filter((status) => status !== 401 && status !== 429)).toEqual([]);
    expect(await genuine).toMatchObject({ status: 202 });
  });

  it('is refused with 413 where the body is too large, before anybody looks at it', async () => {
    const body = Buffer.alloc(1024 * 1024 + 1, 97);
    for (const connector of ['at-thread', 'nobody'])
      expect(await sendHook(address(), connector, { body, headers: signedBySlack(body) })).toMatchObject({
        status: 413,
      });
    const most = Buffer.alloc(1024 * 1024, 97);
    expect(await send('at-thread', most)).toMatchObject({ status: 202 });
    await eventually(() => told.length > 0);
    expect(told[0]?.delivery).toMatchObject({ encoding: 'text', body: most.toString() });
  });

  it('cannot have a place for good by sending nothing', async () => {
    const { port } = new URL(address());
    const sockets = Array.from({ length: 8 }, () => {
      const socket = connectSocket(Number(port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write('POST /hooks/at-thread HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nx');
      return socket;
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (const socket of sockets) socket.destroy();
    expect(await send('at-thread', newBody())).toMatchObject({ status: 202 });
  });
});

describe('what is genuine', () => {
  it('is shown to the adapter without cookies and what is between two hops, and to watchers without signatures', async () => {
    const body = newBody({ named: `n-${Date.now()}` });
    const answer = await send('at-thread', body, {
      Cookie: 'a=b',
      Connection: 'close, X-Hop',
      'X-Hop': '1',
      Authorization: 'Basic YTpi',
      'X-GitHub-Event': 'push',
      'X-Api-Key': 'k',
      'X-Forwarded-For': '10.0.0.1',
    });
    expect(answer).toMatchObject({ status: 200 });
    const shown = JSON.parse(answer.body) as string[];
    expect(shown).toEqual(expect.arrayContaining(['authorization', 'x-slack-signature', 'x-github-event']));
    for (const name of ['cookie', 'connection', 'x-hop', 'transfer-encoding']) expect(shown).not.toContain(name);
    await eventually(() => told.length > 0);
    expect(told[0]?.delivery.headers).toEqual({
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-slack-request-timestamp': expect.any(String),
    });
  });

  it('is one delivery for one id that the adapter gives, whatever its body', async () => {
    const named = `named-${Date.now()}`;
    for (let count = 0; count < 3; count += 1)
      expect(await send('at-thread', newBody({ named }))).toMatchObject({ status: 200 });
    await eventually(() => told.length > 0);
    expect(told).toHaveLength(1);
  });

  it('is told over REST and gRPC as well, bytes in base64', async () => {
    const stop = new AbortController();
    let text = '';
    const streamed = (async () => {
      const { body } = await fetch(`${address()}/api/v1/events`, { signal: stop.signal });
      for await (const chunk of body ?? []) text += Buffer.from(chunk).toString();
    })().catch(() => undefined);
    await using remote = await connect({ address: host.host.grpcAddress ?? '' });
    const overGrpc: WebhookEvent[] = [];
    let isWatched = false;
    const watched = (async () => {
      for await (const event of remote.watch({ signal: stop.signal })) {
        if (event.kind === 'synced') isWatched = true;
        if (event.kind === 'webhook') overGrpc.push(event);
      }
    })();
    await eventually(() => isWatched && text.includes('event: synced'));
    const bytes = Buffer.from([0xff, 0xfe, sent]);
    await send('at-thread', bytes, { 'content-type': 'application/octet-stream' });
    const [, data = ''] = await eventually(
      () => /event: webhook\ndata: (.*)\n/.exec(text) ?? [],
      (found) => found.length > 0,
    );
    const delivery = { encoding: 'base64', body: bytes.toString('base64') };
    expect(JSON.parse(data)).toMatchObject({
      kind: 'webhook',
      id: 'at-thread',
      delivery: { ...delivery, received_at: expect.any(String) },
    });
    await eventually(() => overGrpc.length > 0);
    expect(overGrpc[0]).toMatchObject({ id: 'at-thread', delivery: { ...delivery, receivedAt: expect.any(String) } });
    stop.abort();
    await Promise.all([streamed, watched]);
  });

  it('starts one execution, and one alone also after a restart', async () => {
    const body = newBody({ order: 'of a webhook' });
    const answers = await Promise.all(Array.from({ length: 3 }, () => send('starts', body)));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    await eventually(() => remote.asked.length > 0);
    expect(remote.asked.map(({ payload }) => payload)).toEqual([
      { headers: expect.objectContaining({ 'content-type': 'application/json' }), body: JSON.parse(body) },
    ]);
    host = await host.restart();
    await watchWebhooks(host.service, over.signal, told);
    expect(await send('starts', body)).toMatchObject({ status: 202 });
    const { executions } = await eventually(
      () => host.service.listExecutions({ connector: 'starts' }),
      ({ executions: all }) => all.every(({ status }) => status === 'succeeded'),
    );
    expect(executions).toMatchObject([{ action: 'take', principal: 'webhook:starts', status: 'succeeded' }]);
    expect(remote.asked).toHaveLength(1);
  });

  it('is not taken while the connector is paused, and is once it is resumed', async () => {
    const body = newBody();
    await host.service.pause('at-thread');
    expect(await sendHook(address(), 'at-thread', { body, headers: signedBySlack(body) })).toMatchObject({
      status: 503,
    });
    expect(await sendHook(address(), 'at-thread', { body })).toMatchObject({ status: 401 });
    await host.service.resume('at-thread');
    expect(await send('at-thread', body)).toMatchObject({ status: 202 });
    await eventually(() => told.length > 0);
  });

  it('is counted, recorded, and told in the log, with nothing of what was sent', async () => {
    await send('at-thread', newBody({ text: 'nothing-for-a-record' }));
    const metrics = await (await fetch(`${address()}/metrics`)).text();
    expect(metrics).toMatch(/automate_webhooks_total\{connector="at-thread",outcome="accepted"\} [1-9]/);
    const { records } = await eventually(
      () => host.service.listAudit({ operation: 'receiveWebhook', connector: 'at-thread', code: 'OK' }),
      ({ records: all }) => all.length > 0,
    );
    expect(records[0]).toMatchObject({
      principal: 'webhook:at-thread',
      door: 'hooks',
      subject: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(host.logText).toContain('"event":"webhook"');
    expect(host.logText).not.toContain('nothing-for-a-record');
  });
});

describe('a configuration', () => {
  it.each([
    ['echo', { action: 'say' }, 'webhook', /the kind "echo" takes no webhooks/],
    [
      'hooked',
      { action: 'tak' },
      'webhook.action',
      /the name of an action of the kind "hooked" \(did you mean "take"\?\)/,
    ],
    ['hooked', {}, 'webhook.action', /the name of one of the kind's actions/],
  ])('of the kind %s with webhook %j is refused at its place', async (kind, webhook, path, expected) => {
    await expect(host.service.register({ id: 'new', kind, webhook } as never)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path, expected: expect.stringMatching(expected) }],
    });
    const yaml = `connectors: [{ id: new, kind: ${kind}, webhook: ${JSON.stringify(webhook)} }]`;
    expect((await host.service.planConfig({ yaml })).problems).toMatchObject([{ path: `connectors[0].${path}` }]);
  });
});
