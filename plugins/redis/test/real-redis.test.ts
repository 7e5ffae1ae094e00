import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '@automate/sdk';
import type { StartConnectorOptions } from '@automate/testing';
import { createCertificateAuthority, startConnector } from '@automate/testing';
import { describeWith } from '@automate/tooling/require-service';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import RedisAdapter from '../src/redis-adapter.ts';
import type { RedisServer } from './start-redis.ts';
import { startProxy } from './start-proxy.ts';
import { redis, startRedis } from './start-redis.ts';

type Connector = Awaited<ReturnType<typeof startConnector<RedisAdapter>>>;

const running: { close(): Promise<void> }[] = [];

async function connect(url: string, options: StartConnectorOptions = {}): Promise<Connector> {
  const connector = await startConnector(RedisAdapter, { url, ...options });
  running.push(connector);
  return connector;
}

async function closeAll(): Promise<void> {
  for (const each of running.splice(0).toReversed()) await each.close();
}

const COMMANDS = ['LPUSH', 'LRANGE', 'CONFIG GET', 'PTTL', 'FLUSHDB', 'APPEND', 'CLIENT_LIST'];

describeWith(redis, 'a real Redis', () => {
  let server: RedisServer;
  let connector: Connector;

  beforeAll(async () => {
    server = await startRedis();
    connector = await connect(server.url, { settings: { allow_commands: COMMANDS } });
  });
  afterAll(async () => {
    await closeAll();
    await server?.close();
  });

  const command = (name: string, ...args: (string | number)[]) => connector.call('command', { command: name, args });

  it('lets the connector connect, and is healthy', async () => {
    await expect(connector.adapter.connect()).resolves.toBe(true);
    await expect(connector.health()).resolves.toStrictEqual({
      status: 'healthy',
      message: `Redis at ${new URL(server.url).host} answers`,
    });
  });

  it('keeps texts and bytes as they are', async () => {
    const values = ['', 'é 🦊', { base64: '/wA=' }];
    for (const value of values) {
      await expect(connector.call('set', { key: { base64: '/2s=' }, value })).resolves.toStrictEqual({ set: true });
      await expect(connector.call('get', { key: { base64: '/2s=' } })).resolves.toStrictEqual({ found: true, value });
    }
    await expect(connector.call('get', { key: 'nowhere' })).resolves.toStrictEqual({ found: false });
  });

  it('forgets a key after its time', async () => {
    await connector.call('set', { key: 'brief', value: 'x', ttl_ms: 100_000 });
    const { reply } = await command('PTTL', 'brief');
    expect(reply).toBeGreaterThan(90_000);
    await connector.call('set', { key: 'brief', value: 'x', ttl_ms: 20 });
    await sleep(60);
    await expect(connector.call('get', { key: 'brief' })).resolves.toStrictEqual({ found: false });
  });

  it('sets a key only once where that is asked for', async () => {
    const lock = { key: 'lock', value: 'mine', ttl_ms: 60_000 };
    await expect(connector.call('set_if_absent', lock)).resolves.toStrictEqual({ set: true });
    await expect(connector.call('set_if_absent', { ...lock, value: 'theirs' })).resolves.toStrictEqual({ set: false });
    await expect(connector.call('get', { key: 'lock' })).resolves.toMatchObject({ value: 'mine' });
    await expect(connector.call('del', { keys: ['lock', 'nowhere'] })).resolves.toStrictEqual({ deleted: 1 });
  });

  it('counts without losing a digit', async () => {
    await expect(connector.call('incr', { key: 'n' })).resolves.toStrictEqual({ value: '1' });
    await expect(connector.call('incr', { key: 'n', by: -3 })).resolves.toStrictEqual({ value: '-2' });
    await connector.call('set', { key: 'n', value: '9007199254740992' });
    await expect(connector.call('incr', { key: 'n' })).resolves.toStrictEqual({ value: '9007199254740993' });
    await connector.call('set', { key: 'n', value: 'no number' });
    await expect(connector.call('incr', { key: 'n' })).rejects.toMatchObject({ code: 'INVALID_INPUT', effect: 'none' });
  });

  it('keeps hashes', async () => {
    await expect(
      connector.call('hset', { key: 'h', fields: { a: '1', b: { base64: '/w==' } } }),
    ).resolves.toStrictEqual({
      added: 2,
    });
    await expect(connector.call('hset', { key: 'h', fields: { a: '2' } })).resolves.toStrictEqual({ added: 0 });
    await expect(connector.call('hget', { key: 'h', field: 'a' })).resolves.toStrictEqual({ found: true, value: '2' });
    await expect(connector.call('hget', { key: 'h', field: 'b' })).resolves.toMatchObject({
      value: { base64: '/w==' },
    });
    await expect(connector.call('hget', { key: 'h', field: 'c' })).resolves.toStrictEqual({ found: false });
    await expect(connector.call('get', { key: 'h' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { reason: 'wrongtype' },
    });
    await expect(connector.call('hset', { key: 'h', fields: {} })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('publishes', async () => {
    await expect(connector.call('publish', { channel: 'news', message: 'x' })).resolves.toStrictEqual({ receivers: 0 });
  });

  it('lists all keys, page by page, or those that match', async () => {
    const other = await connect(server.url, { settings: { database: 3 } });
    for (let n = 0; n < 250; n += 1) await other.call('set', { key: `k:${n}`, value: 'x' });
    await other.call('hset', { key: 'hash', fields: { a: '1' } });
    const walk = async (filter: JsonObject): Promise<Set<unknown>> => {
      const keys = new Set<unknown>();
      for (let cursor: unknown = '0'; typeof cursor === 'string';) {
        const page = await other.call('scan', { ...filter, cursor, count: 50 });
        for (const key of page['keys'] as unknown[]) keys.add(key);
        cursor = page['next_cursor'];
      }
      return keys;
    };
    expect((await walk({})).size).toBe(251);
    expect(await walk({ match: 'k:7?' })).toStrictEqual(new Set(Array.from({ length: 10 }, (_, n) => `k:7${n}`)));
    expect(await walk({ type: 'hash' })).toStrictEqual(new Set(['hash']));
  });

  it('does the commands that are allowed, and no others', async () => {
    await expect(command('LPUSH', 'list', 'a', 2)).resolves.toStrictEqual({ reply: 2 });
    await expect(command('lrange', 'list', 0, -1)).resolves.toStrictEqual({ reply: ['2', 'a'] });
    await expect(command('CONFIG GET', 'maxmemory')).resolves.toStrictEqual({ reply: ['maxmemory', '0'] });
    await expect(command('CONFIG', 'get', 'maxmemory')).resolves.toBeDefined();
    for (const [name, ...args] of [
      ['CONFIG SET', 'maxmemory', '1'],
      ['CONFIG', 'SET', 'maxmemory', '1'],
      ['FLUSHALL'],
    ] as const)
      await expect(command(name, ...args)).rejects.toMatchObject({
        code: 'FORBIDDEN',
        details: { reason: 'command_not_allowed' },
      });
    await expect(command('LPUSH', 'list')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('never allows commands that the shared connection would not survive', async () => {
    for (const name of ['subscribe', 'BLPOP', 'MULTI', 'CLIENT KILL', 'SELECT'])
      await expect(connect(server.url, { settings: { allow_commands: [name] } })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      });
  });

  it('refuses values that are too large, by their size', async () => {
    for (let part = 0; part < 3; part += 1) await command('APPEND', 'huge', 'x'.repeat(1_000_000));
    await expect(connector.call('get', { key: 'huge' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('3000000 bytes'),
    });
  });

  it('ends a slow call with its deadline, says what may still happen, and goes on', async () => {
    await connector.call('get', { key: 'n' });
    server.kill('SIGSTOP');
    const slow = connector.call('incr', { key: 'slow' }, { timeoutMs: 1000 });
    await expect(slow).rejects.toMatchObject({ code: 'TIMEOUT', effect: 'maybe' });
    await expect(connector.health({ timeoutMs: 100 })).resolves.toMatchObject({
      status: 'unhealthy',
      details: { code: 'TIMEOUT' },
    });
    server.kill('SIGCONT');
    await expect(connector.call('get', { key: 'slow' })).resolves.toStrictEqual({ found: true, value: '1' });
  });

  it('lets the caller leave', async () => {
    const proxy = await startProxy(server.port);
    running.push(proxy);
    const through = await connect(`redis://127.0.0.1:${proxy.port}`);
    await through.call('get', { key: 'n' });
    const leaving = new AbortController();
    const context = { deadline: Date.now() + 60_000, signal: leaving.signal };
    const held = proxy.holdReplies(1);
    const call = through.adapter.execute('incr', { key: 'left' }, context as never);
    await held;
    leaving.abort();
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED', effect: 'maybe' });
    expect(server.cli('GET', 'left')).toBe('1');
  });

  it('is unreachable while it is stopped, breaks off what runs, and is used again once it is back', async () => {
    const proxy = await startProxy(server.port);
    running.push(proxy);
    const through = await connect(`redis://127.0.0.1:${proxy.port}`);
    await connector.call('set', { key: 'stays', value: 'here' });
    await through.call('get', { key: 'stays' });
    const held = proxy.holdReplies(2);
    const calls = Promise.allSettled([through.call('incr', { key: 'lost' }), through.call('get', { key: 'stays' })]);
    await held;
    await server.stop('SIGKILL');
    const reasons = (await calls).map((each) => (each.status === 'rejected' ? (each.reason as object) : undefined));
    const lost = { code: 'TRANSIENT_NETWORK', retryable: true };
    expect(reasons).toMatchObject([
      { ...lost, effect: 'maybe' },
      { ...lost, effect: 'none' },
    ]);
    const refused = { code: 'TRANSIENT_NETWORK', retryable: true, effect: 'none' };
    await expect(connector.call('set', { key: 'a', value: 'b' })).rejects.toMatchObject(refused);
    await expect(connector.health()).resolves.toMatchObject({
      status: 'unhealthy',
      details: { code: 'TRANSIENT_NETWORK' },
    });
    await server.restart();
    await expect(connector.call('get', { key: 'stays' })).resolves.toStrictEqual({ found: true, value: 'here' });
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
    await server.stop();
    await server.restart();
    await expect(connector.call('get', { key: 'stays' })).resolves.toStrictEqual({ found: true, value: 'here' });
  });
});

describeWith(redis, 'two Redis servers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'redis-ca-'));
  const authority = createCertificateAuthority();
  const caFile = join(folder, 'ca.pem');
  let open: RedisServer;
  let locked: RedisServer;
  let secure: RedisServer;

  beforeAll(async () => {
    writeFileSync(caFile, authority.cert);
    const tls = { ...authority.issue({ hosts: ['redis.internal'] }), ca: authority.cert };
    [open, locked, secure] = await Promise.all([
      startRedis({ settings: ['maxclients 1'] }),
      startRedis({ password: 'horse', settings: ['user ann on >reads ~* +get +ping +select'] }),
      startRedis({ tls }),
    ]);
  });
  afterEach(closeAll);
  afterAll(async () => {
    for (const each of [open, locked, secure]) await each?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const basic = (username: string, password: string): StartConnectorOptions => ({
    config: { auth: { type: 'basic', username, password } },
  });

  it('are used side by side, each with its own credentials', async () => {
    const pair = [await connect(open.url), await connect(locked.url, basic('default', 'horse'))];
    await Promise.all(pair.map((each, n) => each.call('set', { key: 'name', value: `server ${n}` })));
    const answers = await Promise.all(pair.map((each) => each.call('get', { key: 'name' })));
    expect(answers.map(({ value }) => value)).toStrictEqual(['server 0', 'server 1']);
  });

  it('tell wrong and missing credentials from missing rights', async () => {
    for (const options of [basic('default', 'wrong'), basic('nobody', 'x'), {}]) {
      const wrong = await connect(locked.url, options);
      await expect(wrong.call('get', { key: 'a' })).rejects.toMatchObject({ code: 'AUTH_FAILED', retryable: false });
      await expect(wrong.health()).resolves.toMatchObject({ status: 'unhealthy', details: { code: 'AUTH_FAILED' } });
    }
    const ann = await connect(locked.url, {
      config: { auth: { type: 'basic' } },
      secrets: { username: 'ann', password: 'reads' },
    });
    await expect(ann.call('get', { key: 'a' })).resolves.toStrictEqual({ found: false });
    await expect(ann.call('set', { key: 'a', value: 'b' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const bearer = await connect(locked.url, { config: { auth: { type: 'bearer', token: 'x' } } });
    await expect(bearer.adapter.connect()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('say so when they are full or have no such database', async () => {
    const first = await connect(open.url);
    await first.adapter.connect();
    const second = await connect(open.url);
    await expect(second.call('get', { key: 'a' })).rejects.toMatchObject({ code: 'OVERLOADED', effect: 'none' });
    const nowhere = await connect(locked.url, { ...basic('default', 'horse'), settings: { database: 99 } });
    await expect(nowhere.adapter.connect()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  describe('of which one speaks TLS', () => {
    const secured = (tls: Record<string, string | boolean>) => connect(secure.url, { config: { tls } });

    it('check authority and name of its certificate', async () => {
      await expect((await secured({ caFile, serverName: 'redis.internal' })).adapter.connect()).resolves.toBe(true);
      await expect((await secured({ insecure: true })).adapter.connect()).resolves.toBe(true);
      const incomplete: Record<string, string>[] = [{ serverName: 'redis.internal' }, { caFile }];
      for (const tls of incomplete)
        await expect((await secured(tls)).adapter.connect()).rejects.toMatchObject({
          code: 'TRANSIENT_NETWORK',
          effect: 'none',
          details: { reason: 'tls_certificate' },
        });
      await expect((await secured({ caFile: join(folder, 'none') })).adapter.connect()).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      });
    });
  });
});
