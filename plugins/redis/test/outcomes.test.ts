import type { JsonObject } from '@automate/sdk';
import type { StartConnectorOptions } from '@automate/testing';
import { startConnector } from '@automate/testing';
import { describeWith } from '@automate/tooling/require-service';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import RedisAdapter from '../src/redis-adapter.ts';
import type { RedisServer } from './start-redis.ts';
import { startProxy } from './start-proxy.ts';
import { redis, startRedis } from './start-redis.ts';

type Connector = Awaited<ReturnType<typeof startConnector<RedisAdapter>>>;

const running: { close(): Promise<void> }[] = [];
let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
  server.cli('FLUSHALL');
});
afterAll(() => server.close());

/** Sends any command. */
async function connect(options: StartConnectorOptions = {}, url = server.url) {
  const connector = await startConnector(RedisAdapter, { url, ...options });
  running.push(connector);
  return connector;
}

const send =
  (connector: Connector) =>
  (name: string, ...args: (string | number | JsonObject)[]): Promise<JsonObject> =>
    connector.call('command', { command: name, args } as JsonObject);

const allow = (...commands: string[]): StartConnectorOptions => ({ settings: { allow_commands: commands } });

const BEFORE = "redis.call('INCR', KEYS[1]); ";

describeWith(redis, 'what a Redis command has done when it fails', () => {
  it.each([
    ['an error of its own', "return redis.error_reply('TRYLATER')"],
    ['an error that looks like a server that is busy', "return redis.error_reply('BUSY Redis is busy')"],
    ['an error that looks like an unknown command', `return redis.error_reply("ERR unknown command 'EVAL'")`],
    ['an error that looks like an unknown script', "return redis.error_reply('NOSCRIPT No matching script.')"],
    ['a failing command', "redis.call('LPUSH', KEYS[1], 'x')"],
  ])('is not known of a script that ended in %s', async (_title, script) => {
    const command = send(await connect(allow('EVAL')));
    await expect(command('EVAL', BEFORE + script, 1, 'n')).rejects.toMatchObject({ effect: 'maybe' });
    expect(server.cli('GET', 'n')).toBe('1');
  });

  it('is nothing for a script that the server does not know, and a change for one that it knows', async () => {
    const command = send(await connect(allow('EVALSHA')));
    await expect(command('EVALSHA', '0'.repeat(40), 0)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
      details: { reason: 'noscript' },
    });
    const sha = server.cli('SCRIPT', 'LOAD', `${BEFORE}return redis.error_reply('NO')`);
    await expect(command('EVALSHA', sha, 1, 'n')).rejects.toMatchObject({ effect: 'maybe', retryable: false });
    expect(server.cli('GET', 'n')).toBe('1');
  });

  it('is not known of a function', async () => {
    server.cli(
      'FUNCTION',
      'LOAD',
      `#!lua name=lib\nredis.register_function('f', function(keys) redis.call('INCR', keys[1]); return redis.error_reply('NO') end)`,
    );
    const command = send(await connect(allow('fcall')));
    await expect(command('fcall', 'f', 1, 'n')).rejects.toMatchObject({ effect: 'maybe' });
    expect(server.cli('GET', 'n')).toBe('1');
  });

  it('is nothing where Redis itself refuses one of its own commands', async () => {
    server.cli('SET', 'text', 'x');
    const command = send(await connect(allow('LPUSH', 'INCR', 'XADD', 'RENAME', 'SETRANGE')));
    for (const [name, ...args] of [
      ['LPUSH', 'text', 'a'],
      ['INCR', 'text'],
      ['XADD', 'text', '*', 'a', 'b'],
      ['RENAME', 'nowhere', 'b'],
      ['SETRANGE', 'text', -1, 'b'],
    ] as const)
      await expect(command(name, ...args)).rejects.toMatchObject({ code: 'INVALID_INPUT', effect: 'none' });
    expect(server.cli('KEYS', '*')).toBe('text');
  });

  it('is nothing where the memory is full, or replicas are missing', async () => {
    const connector = await connect();
    server.cli('CONFIG', 'SET', 'maxmemory', '1');
    const full = connector.call('set', { key: 'a', value: 'b' });
    await expect(full).rejects.toMatchObject({ effect: 'none', retryable: false, details: { reason: 'oom' } });
    server.cli('CONFIG', 'SET', 'maxmemory', '0', 'min-replicas-to-write', '1');
    const alone = connector.call('set', { key: 'a', value: 'b' });
    await expect(alone).rejects.toMatchObject({ effect: 'none', retryable: true, details: { reason: 'noreplicas' } });
    server.cli('CONFIG', 'SET', 'min-replicas-to-write', '0');
    expect(server.cli('EXISTS', 'a')).toBe('0');
    await expect(connector.call('set', { key: 'a', value: 'b' })).resolves.toStrictEqual({ set: true });
  });

  it('is nothing where a command names a database that is not there, which is for its caller', async () => {
    const command = send(await connect(allow('SWAPDB', 'MOVE')));
    server.cli('SET', 'k', 'v');
    for (const [name, ...args] of [
      ['SWAPDB', 0, 99],
      ['MOVE', 'k', 99],
    ] as const)
      await expect(command(name, ...args)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        effect: 'none',
        blame: 'caller',
      });
  });

  it('is nothing for a word that no server knows', async () => {
    const command = send(await connect(allow('MY.COMMAND', 'NOSUCH')));
    for (const name of ['MY.COMMAND', 'NOSUCH'])
      await expect(command(name, 'a')).rejects.toMatchObject({ code: 'INVALID_INPUT', effect: 'none' });
  });

  it('is nothing for reads, and unknown for changes, whose replies do not come', async () => {
    const proxy = await startProxy(server.port);
    running.push(proxy);
    const connector = await connect(allow('LLEN', 'LPUSH', 'SORT'), `redis://127.0.0.1:${proxy.port}`);
    const all = (options?: { timeoutMs: number }) =>
      Promise.allSettled([
        connector.call('command', { command: 'LLEN', args: ['l'] }, options),
        connector.call('command', { command: 'sort', args: ['l'] }, options),
        connector.call('command', { command: 'LPUSH', args: ['l', 'a'] }, options),
      ]);
    const lost = async (code: string, settled: ReturnType<typeof all>) =>
      expect(
        (await settled).map((each) => (each.status === 'rejected' ? (each.reason as object) : 'done')),
      ).toMatchObject([
        { code, effect: 'none' },
        { code, effect: 'none' },
        { code, effect: 'maybe' },
      ]);
    await connector.call('get', { key: 'a' });
    const held = proxy.holdReplies(3);
    await lost('TIMEOUT', all({ timeoutMs: 2000 }));
    await held;
    proxy.cut();
    await connector.call('get', { key: 'a' });
    const heldAgain = proxy.holdReplies(3);
    const calls = all();
    await heldAgain;
    proxy.cut();
    await lost('TRANSIENT_NETWORK', calls);
    expect(server.cli('LLEN', 'l')).toBe('2');
    await expect(connector.call('get', { key: 'a' })).resolves.toStrictEqual({ found: false });
  });

  it('lets neighbours on the connection finish when one call is cut off', async () => {
    const connector = await connect(allow('DEBUG'));
    await connector.call('get', { key: 'a' });
    const slow = connector.call('command', { command: 'DEBUG', args: ['SLEEP', 2] }, { timeoutMs: 1000 });
    const neighbour = connector.call('incr', { key: 'n' });
    await expect(slow).rejects.toMatchObject({ code: 'TIMEOUT', effect: 'maybe' });
    await expect(neighbour).resolves.toStrictEqual({ value: '1' });
    expect(server.cli('GET', 'n')).toBe('1');
  });

  it('refuses what would wait or debug, and reads groups otherwise, whatever they are called', async () => {
    const command = send(await connect(allow('XREADGROUP', 'XREAD', 'SCRIPT')));
    server.cli('XADD', 's', '1-1', 'f', 'v');
    for (const group of ['streams', 'BLOCK']) server.cli('XGROUP', 'CREATE', 's', group, '0');
    for (const [name, ...args] of [
      ['XREAD', 'BLOCK', 0, 'STREAMS', 's', '$'],
      ['XREAD', 'COUNT', 1, 'block', 0, 'STREAMS', 's', '$'],
      ['XREADGROUP', 'GROUP', 'streams', 'me', 'BLOCK', 0, 'STREAMS', 's', '>'],
      ['SCRIPT DEBUG', 'YES'],
      ['SCRIPT', 'debug', 'YES'],
    ] as const)
      await expect(command(name, ...args)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        details: { reason: 'would_block' },
      });
    for (const group of ['streams', 'BLOCK'])
      await expect(command('xreadgroup', 'GROUP', group, 'block', 'STREAMS', 's', '>')).resolves.toStrictEqual({
        reply: [['s', [['1-1', ['f', 'v']]]]],
      });
  });
});
