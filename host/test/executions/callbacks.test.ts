import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { connect } from '@automate/client';
import { executionView } from '@automate/contract/http';
import { eventually } from '@automate/tooling/eventually';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CliProject } from '../cli/fixtures/cli-project.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { CallbackReceiver } from './fixtures/callback-receiver.ts';
import { readOrders } from './fixtures/orders-project.ts';
import { RemoteSystem } from './fixtures/remote-system.ts';

const SECRET = 'a-word-that-two-know-4711';

let remote: RemoteSystem;
let receiver: CallbackReceiver;
beforeEach(async () => {
  remote = await RemoteSystem.open();
  receiver = await CallbackReceiver.open(SECRET);
});
afterEach(async () => {
  await remote[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

const yaml = (more: string, allowed = '["127.0.0.1"]') =>
  [
    `network: { registered: { allow: ${allowed} } }`,
    more,
    `connectors: [{ id: orders, host: 127.0.0.1, port: ${remote.port} }]`,
  ].join('\n');
const told = (to: string) =>
  `executions: { callback_secret: "secretref://store/team/callbacks", callbacks: ["${to}"] }`;

async function openHost(text: string): Promise<SandboxHost> {
  const host = await SandboxHost.open({
    kinds: [],
    yaml: text,
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'orders', source: await readOrders() })),
  });
  await host.service.setSecret({ namespace: 'team', name: 'callbacks', value: SECRET });
  return host;
}

const order = { id: 'orders', action: 'put', payload: { order: 'canary-order' } } as const;
const urlOf = (path = '/ends/1?token=canary-query') => `http://127.0.0.1:${receiver.port}${path}`;
const asTold = async (host: SandboxHost, id: string) => {
  const { callback: _state, callbackUrl: _url, ...execution } = await host.service.getExecution(id);
  return executionView(execution) as unknown;
};
const stateOf = (host: SandboxHost, id: string, state: string) =>
  eventually(
    () => host.service.getExecution(id),
    ({ callback }) => callback === state,
  );

describe('the end of an execution', () => {
  it('is told by a signed POST, however it ends, of runs that schedules start, and of what is run again', async () => {
    await using host = await openHost(yaml(told(`http://127.0.0.1:${receiver.port}/ends`)));
    const { service } = host;
    const callbackUrl = urlOf();
    const good = await service.startExecution({ ...order, callbackUrl });
    expect(good).toMatchObject({ callback: 'pending', callbackUrl });
    await stateOf(host, good.id, 'delivered');
    remote.onAsked = (asked) => asked.answer({}, 400);
    const bad = await service.startExecution({ ...order, action: 'place', callbackUrl });
    await stateOf(host, bad.id, 'delivered');
    const later = await service.startExecution({ ...order, callbackUrl, runAt: '2999-01-01T00:00:00Z' });
    await service.cancelExecution(later.id);
    await stateOf(host, later.id, 'delivered');
    remote.onAsked = (asked) => asked.answer({ late: true });
    const again = await service.rerunExecution(bad.id);
    await stateOf(host, again.id, 'delivered');
    expect(receiver.told.map(({ id }) => id)).toEqual([good.id, bad.id, later.id, again.id]);
    expect(receiver.told.map(({ body }) => body['status'])).toEqual(['succeeded', 'failed', 'cancelled', 'succeeded']);
    expect(receiver.told[0]?.body).toEqual(await asTold(host, good.id));
    expect(receiver.refused).toEqual([]);
    const same = { ...order, idempotencyKey: 'k', callbackUrl };
    const keyed = await service.startExecution(same);
    await expect(service.startExecution(same)).resolves.toMatchObject({ id: keyed.id, replayed: true });
    await expect(service.startExecution({ ...same, callbackUrl: urlOf('/ends/2') })).rejects.toMatchObject({
      details: { reason: 'key_reused' },
    });
    const at = { name: 'yearly', cron: '0 0 1 1 *', ...order };
    await expect(service.setSchedule({ ...at, callbackUrl })).resolves.toMatchObject({ callbackUrl });
    expect(await service.listSchedules()).toMatchObject([{ callbackUrl }]);
    await stateOf(host, keyed.id, 'delivered');
    await host.host.close();
    const data = join(host.sandbox.root, '.automate');
    const files = readdirSync(data, { withFileTypes: true }).filter((each) => each.isFile());
    for (const { name } of files) expect((await readFile(join(data, name))).includes('canary-query')).toBe(false);
  });

  it('is told nowhere that the operator has not allowed, and the refusal says what to write', async () => {
    await using silent = await openHost(yaml(''));
    const ask = (host: SandboxHost, callbackUrl: unknown) =>
      host.service.startExecution({ ...order, callbackUrl: callbackUrl as string });
    const off = {
      code: 'INVALID_INPUT',
      details: { reason: 'callbacks_off' },
      message: expect.stringContaining('callback_secret'),
    };
    await expect(ask(silent, urlOf())).rejects.toMatchObject(off);
    await expect(
      silent.service.setSchedule({ ...order, name: 's', cron: '* * * * *', callbackUrl: urlOf() }),
    ).rejects.toMatchObject(off);
    await using host = await openHost(yaml(told(`http://127.0.0.1:${receiver.port}/ends`)));
    for (const url of [
      urlOf('/ends2'),
      urlOf('/'),
      urlOf('/ends/../other'),
      urlOf('/ends/..%2fother'),
      urlOf('/ends/%2e%2e%5Cother'),
      urlOf('/ends/a/%252e%252E/%252e%252e/other'),
      urlOf('/ends/..;/other'),
      'https://127.0.0.1/ends',
      'http://localhost/ends',
    ])
      await expect(ask(host, url)).rejects.toMatchObject({
        details: { reason: 'callback_not_allowed' },
        // The path of what is allowed may be a secret.
        message: expect.stringMatching(/has allowed "http:\/\/127\.0\.0\.1:\d+\/…" in/),
      });
    for (const url of ['', 'ends', 'ftp://127.0.0.1/ends', 'http://u:p@127.0.0.1/ends', 7])
      await expect(ask(host, url)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        problems: [{ path: 'callback_url' }],
      });
    expect((await host.service.listExecutions()).executions).toEqual([]);
  });

  it('is told again under the same id until it is taken, follows no redirect, and holds up no run', async () => {
    const elsewhere: string[] = [];
    const other = createServer((request, response) => {
      elsewhere.push(String(request.url));
      response.end();
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    using _ended = { [Symbol.dispose]: () => other.close() };
    await using host = await openHost(yaml(told(`http://127.0.0.1:${receiver.port}/ends`)));
    const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
    const statuses = [500, 302, 200];
    receiver.onTold = ({ body }, response) => {
      if (body['action'] === 'read') return;
      response.writeHead(statuses.shift() ?? 200, { location }).end();
    };
    // None of these is ever answered.
    const hung = await Promise.all(
      Array.from({ length: 20 }, () => host.service.startExecution({ ...order, action: 'read', callbackUrl: urlOf() })),
    );
    const { id } = await host.service.startExecution({ ...order, callbackUrl: urlOf() });
    await stateOf(host, id, 'delivered');
    expect(receiver.told.filter((each) => each.id === id)).toHaveLength(3);
    for (const each of hung)
      expect(await host.service.getExecution(each.id)).toMatchObject({ status: 'succeeded', callback: 'pending' });
    expect(elsewhere).toEqual([]);
    expect(host.logText).toContain('could not be told (try 1): it answered 500; it is tried again');
  });

  it('is told again where a receiver goes over to another protocol, which holds up nobody', async () => {
    const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n';
    const other = createTcpServer((socket) => socket.on('error', () => 0).once('data', () => socket.write(upgrade)));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    using _ended = { [Symbol.dispose]: () => other.close() };
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
    await using host = await openHost(yaml(told(url)));
    const { id } = await host.service.startExecution({ ...order, callbackUrl: url });
    await eventually(() => host.logText.includes('could not be told (try 1): it ended the connection'));
    expect(await host.service.getExecution(id)).toMatchObject({ status: 'succeeded', callback: 'pending' });
  });

  it('is told without waiting for the many that a slow receiver is told of', async () => {
    const slow = await CallbackReceiver.open(SECRET);
    await using _closed = slow;
    let answered = 0;
    slow.onTold = (_told, response) =>
      void setTimeout(() => {
        answered += 1;
        response.end();
      }, 1_200);
    await using host = await openHost(
      yaml(told(`http://127.0.0.1:${slow.port}/`).replace(']', `, "http://127.0.0.1:${receiver.port}/"]`)),
    );
    const callbackUrl = `http://127.0.0.1:${slow.port}/`;
    await Promise.all(Array.from({ length: 300 }, () => host.service.startExecution({ ...order, callbackUrl })));
    await eventually(() => answered > 0);
    const { id } = await host.service.startExecution({ ...order, callbackUrl: urlOf() });
    await stateOf(host, id, 'delivered');
    // They are all due before, and 32 at a time.
    expect(answered).toBeLessThan(250);
    expect(host.logText).not.toContain('could not be told');
  });

  it('is told at no address that the network rules deny', async () => {
    await using host = await openHost(yaml(told(`http://localhost:${receiver.port}/ends`), '[]'));
    const callbackUrl = `http://localhost:${receiver.port}/ends`;
    const { id } = await host.service.startExecution({ ...order, callbackUrl });
    await eventually(() => host.logText.includes('network.registered.allow would allow it'));
    expect(await host.service.getExecution(id)).toMatchObject({ status: 'succeeded', callback: 'pending' });
    expect([receiver.told, receiver.refused]).toEqual([[], []]);
  });

  it('is told by the next host where one is killed before it was taken', async () => {
    await using project = await CliProject.open({
      kinds: [],
      yaml: yaml(told(`http://127.0.0.1:${receiver.port}/ends`)),
    });
    await project.sandbox.addConnector({ kind: 'orders', source: await readOrders() });
    expect(await project.automate(['secrets', 'set', 'team/callbacks'], { input: SECRET })).toMatchObject({
      status: 0,
    });
    receiver.onTold = (_told, response) => response.writeHead(503).end();
    const killed = await project.start();
    const ids: string[] = [];
    {
      await using service = await connect({ address: killed.ready.grpc });
      for (let index = 0; index < 3; index += 1)
        ids.push((await service.startExecution({ ...order, callbackUrl: urlOf() })).id);
      // Killed before that is written down it is told again half a minute later.
      const isWritten = (id: string) =>
        killed.records.some(({ msg }) => String(msg).includes(`${id} could not be told (try 1)`));
      await eventually(() => ids.every(isWritten));
      await killed.end('SIGKILL');
    }
    const before = receiver.told.length;
    receiver.onTold = (_told, response) => response.writeHead(200).end();
    await using host = await project.start();
    await using service = await connect({ address: host.ready.grpc });
    for (const id of ids)
      await eventually(
        () => service.getExecution(id),
        ({ callback }) => callback === 'delivered',
      );
    expect(new Set(receiver.told.slice(before).map(({ id }) => id))).toEqual(new Set(ids));
    expect(receiver.refused).toEqual([]);
  });
});
