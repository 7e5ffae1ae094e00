import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StartConnectorOptions } from '@automate/testing';
import { startConnector } from '@automate/testing';
import { describeWith } from '@automate/tooling/require-service';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import RedisAdapter from '../src/redis-adapter.ts';
import type { RedisServer } from './start-redis.ts';
import { redis, startRedis } from './start-redis.ts';

const PASSWORD = 'p@:/?#[]%20 ${HOME} "ü';
const folder = mkdtempSync(join(tmpdir(), 'redis-socket-'));
const socketPath = join(folder, 'redis.sock');
const running: { close(): Promise<void> }[] = [];
let server: RedisServer;

beforeAll(async () => {
  server = await startRedis({
    settings: [
      'bind 127.0.0.1 -::1',
      `unixsocket ${socketPath}`,
      'user default off',
      'user odd on >p4ss ~* +@all',
      'user little on >pw ~app:* +get',
      'user nothing on >pw',
      'rename-command PING ""',
      'rename-command APPEND 0append',
    ],
    admin: ['odd', 'p4ss'],
  });
  server.cli('ACL', 'SETUSER', 'odd', `>${PASSWORD}`);
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function connect(options: StartConnectorOptions) {
  const connector = await startConnector(RedisAdapter, options);
  running.push(connector);
  return connector;
}

const as = (username: string, password: string) => ({ auth: { type: 'basic', username, password } }) as const;
const encoded = encodeURIComponent(PASSWORD);

describeWith(redis, 'a Redis is reached', () => {
  it.each([
    ['by host and a password of odd characters', () => ({ config: { host: '127.0.0.1', ...as('odd', PASSWORD) } })],
    ['by an IPv6 address in brackets', () => ({ config: { host: '[::1]', ...as('odd', PASSWORD) } })],
    ['by an IPv6 address alone', () => ({ config: { host: '::1', ...as('odd', PASSWORD) } })],
  ])('%s', async (_title, options) => {
    const { config } = options();
    const connector = await connect({ config: { ...config, port: server.port } });
    await expect(connector.call('set', { key: 'a', value: 'b' })).resolves.toStrictEqual({ set: true });
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
  });

  it.each([
    ['a URL', () => ({ url: `redis://odd:${encoded}@127.0.0.1:${server.port}/2` })],
    ['a URL with an IPv6 address', () => ({ url: `redis://odd:${encoded}@[::1]:${server.port}/2` })],
    ['a URL of a Unix socket', () => ({ url: `unix://odd:${encoded}@${socketPath}?db=2` })],
    ['the path of a Unix socket', () => ({ socket_path: socketPath, database: 2 })],
  ])('by %s', async (_title, settings) => {
    const given = settings();
    const connector = await connect({ settings: given, config: 'url' in given ? {} : as('odd', PASSWORD) });
    await connector.call('set', { key: 'where', value: 'two' });
    expect(server.cli('-n', '2', 'GETDEL', 'where')).toBe('two');
    const { message } = await connector.health();
    expect(message).not.toContain(encoded);
    expect(message).toContain('Redis at ');
  });

  it('by one of them only, and by nothing that is no URL, which the message does not show', async () => {
    for (const options of [
      { settings: { url: 'redis://127.0.0.1' }, config: { host: 'localhost' } },
      { settings: { url: 'redis://u:hidden%zz@127.0.0.1' } },
      { settings: { url: 'http://u:hidden@127.0.0.1' } },
    ]) {
      const failure = (await connect(options)).call('get', { key: 'a' });
      await expect(failure).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        effect: 'none',
        message: expect.not.stringContaining('hidden'),
      });
    }
  });

  it('by users that may do no more than the work', async () => {
    const little = await connect({ config: { host: '127.0.0.1', port: server.port, ...as('little', 'pw') } });
    await expect(little.adapter.connect()).resolves.toBe(true);
    await expect(little.health()).resolves.toMatchObject({ status: 'healthy' });
    await expect(little.call('get', { key: 'app:a' })).resolves.toStrictEqual({ found: false });
    await expect(little.call('get', { key: 'other' })).rejects.toMatchObject({ code: 'FORBIDDEN', effect: 'none' });
    const nothing = await connect({ config: { host: '127.0.0.1', port: server.port, ...as('nothing', 'pw') } });
    await expect(nothing.adapter.connect()).resolves.toBe(true);
    const wrong = await connect({ config: { host: '127.0.0.1', port: server.port, ...as('little', 'no') } });
    await expect(wrong.adapter.connect()).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    const nobody = await connect({ config: { host: '127.0.0.1', port: server.port } });
    await expect(nobody.adapter.connect()).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    const elsewhere = await connect({
      config: { host: '127.0.0.1', port: server.port, ...as('little', 'pw') },
      settings: { database: 1 },
    });
    await expect(elsewhere.adapter.connect()).rejects.toMatchObject({ code: 'FORBIDDEN', effect: 'none' });
  });

  it('under the names that its commands were given', async () => {
    const connector = await connect({
      config: { host: '127.0.0.1', port: server.port, ...as('odd', PASSWORD) },
      settings: { allow_commands: ['0append'] },
    });
    await expect(connector.call('command', { command: '0APPEND', args: ['new', 'x'] })).resolves.toStrictEqual({
      reply: 1,
    });
    expect(server.cli('GET', 'new')).toBe('x');
  });
});
