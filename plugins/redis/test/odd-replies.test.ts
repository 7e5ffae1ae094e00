import type { JsonObject } from '@automate/sdk';
import type { StartConnectorOptions } from '@automate/testing';
import { startConnector } from '@automate/testing';
import { describeWith } from '@automate/tooling/require-service';
import { afterEach, describe, expect, it } from '@jest/globals';
import RedisAdapter from '../src/redis-adapter.ts';
import { redis, startRedis } from './start-redis.ts';
import { startScripted } from './start-scripted.ts';

const running: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
});

async function connect(options: StartConnectorOptions) {
  const connector = await startConnector(RedisAdapter, options);
  running.push(connector);
  return connector;
}

/** A server that says one thing to a command, and something else to the others. */
async function serving(command: string, reply: string): Promise<{ url: string }> {
  const server = await startScripted((bytes) => (bytes.includes(command) ? `${reply}\r\n` : ':0\r\n'));
  running.push(server);
  return { url: `redis://127.0.0.1:${server.port}` };
}

const OPERATOR = { effect: 'none', retryable: false, blame: 'operator' };
const PROXY = { code: 'UPSTREAM_5XX', blame: 'remote' };
const NOT_REDIS = { code: 'UPSTREAM_5XX', blame: 'operator' };

describe('an odd reply to a change', () => {
  it.each([
    ['-upstream failure', { ...PROXY, effect: 'maybe', retryable: false }],
    ['-SOMETHING new', { ...PROXY, effect: 'maybe', retryable: false, details: { reason: 'something' } }],
    ['-ERR Connection timed out', { ...PROXY, effect: 'maybe', retryable: true, details: { reason: 'server_lost' } }],
    [
      '-ERR server connection close',
      { ...PROXY, effect: 'maybe', retryable: true, details: { reason: 'server_lost' } },
    ],
    ['-ERR max daily request limit exceeded. Limit: 1, Usage: 1.', { code: 'RATE_LIMITED', effect: 'none' }],
    ['-ERR max concurrent connections exceeded', { code: 'OVERLOADED', effect: 'none', retryable: true }],
    ["-ERR unknown command 'SET'", { ...OPERATOR, details: { reason: 'unknown_command' } }],
    ["-ERR unknown command 'SET', with args beginning with: 'Connection timed out'", { effect: 'none' }],
    ['-ERR syntax error', { code: 'INVALID_INPUT', effect: 'none', blame: 'caller' }],
  ])('means what it says: %s', async (reply, error) => {
    const connector = await connect(await serving('SET', reply));
    await expect(connector.call('set', { key: 'a', value: 'b' })).rejects.toMatchObject(error);
  });

  it.each(['$-1', ':1', '*0', '+QUEUED'])('is no success that the server did not confirm: %s', async (reply) => {
    const connector = await connect(await serving('SET', reply));
    await expect(connector.call('set', { key: 'a', value: 'b' })).rejects.toMatchObject({
      ...NOT_REDIS,
      effect: 'maybe',
      details: { reason: 'bad_answer' },
    });
  });

  it.each([
    ['del', 'DEL', { keys: ['a'] }],
    ['incr', 'INCRBY', { key: 'a' }],
    ['publish', 'PUBLISH', { channel: 'a', message: 'b' }],
    ['hset', 'HSET', { key: 'a', fields: { b: 'c' } }],
    ['set_if_absent', 'SET', { key: 'a', value: 'b' }],
  ])('is not counted where it is no number: %s', async (name, word, input) => {
    const connector = await connect(await serving(word, '+QUEUED'));
    await expect(connector.call(name, input)).rejects.toMatchObject({ ...NOT_REDIS, effect: 'maybe' });
  });
});

describe('a server that does not let us in', () => {
  it.each([
    ['-ERR Client sent AUTH, but no password is set', 'AUTH_FAILED'],
    ['-ERR invalid password', 'AUTH_FAILED'],
    ["-ERR wrong number of arguments for 'auth' command", 'AUTH_FAILED'],
    ['-ERR something else', 'CONFIG_INVALID'],
  ])('is for the operator to mend, not for the caller: %s', async (reply, code) => {
    const auth = { type: 'basic', username: 'u', password: 'p' } as const;
    const connector = await connect({ ...(await serving('AUTH', reply)), config: { auth } });
    await expect(connector.call('get', { key: 'a' })).rejects.toMatchObject({ code, ...OPERATOR });
  });

  it('is not told a name with the password that is of no user of its own, which old servers refuse', async () => {
    const auth = { type: 'basic', username: 'default', password: 'p' } as const;
    const refusing = await serving('default', "-ERR wrong number of arguments for 'auth' command");
    const connector = await connect({ ...refusing, config: { auth } });
    await expect(connector.call('del', { keys: ['a'] })).resolves.toStrictEqual({ deleted: 0 });
  });
});

describeWith(redis, 'a Redis', () => {
  it('gets no text that it would keep as another one', async () => {
    const server = await startRedis();
    running.push(server);
    const connector = await connect({ url: server.url, settings: { allow_commands: ['LPUSH'] } });
    const half = 'a\ud83d';
    const all: readonly (readonly [string, JsonObject])[] = [
      ['set', { key: 'a', value: half }],
      ['set', { key: half, value: 'a' }],
      ['hset', { key: 'a', fields: { [half]: 'b' } }],
      ['publish', { channel: half, message: 'a' }],
      ['command', { command: 'LPUSH', args: ['a', half] }],
    ];
    for (const [name, input] of all)
      await expect(connector.call(name, input)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        effect: 'none',
        details: { reason: 'bad_text' },
      });
    expect(server.cli('KEYS', '*')).toBe('');
  });

  it('blames the operator for a database that a cluster has not, and for a script that the user may not run', async () => {
    const [node, server] = await Promise.all([startRedis({ settings: ['cluster-enabled yes'] }), startRedis()]);
    running.push(node, server);
    const other = await connect({ url: node.url, settings: { database: 1 } });
    await expect(other.call('get', { key: 'a' })).rejects.toMatchObject({ code: 'CONFIG_INVALID', ...OPERATOR });
    server.cli('ACL', 'SETUSER', 'u', 'on', '>p', '~app:*', '+@all');
    const auth = { type: 'basic', username: 'u', password: 'p' } as const;
    const user = await connect({ url: server.url, config: { auth }, settings: { allow_commands: ['EVAL'] } });
    const script = { command: 'EVAL', args: ["return redis.call('GET', 'x')", '0'] };
    await expect(user.call('command', script)).rejects.toMatchObject({ code: 'FORBIDDEN', blame: 'operator' });
  });
});
