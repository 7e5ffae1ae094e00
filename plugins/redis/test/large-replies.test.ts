import type { JsonObject } from '@automate/sdk';
import type { StartConnectorOptions } from '@automate/testing';
import { startConnector } from '@automate/testing';
import { describeWith } from '@automate/tooling/require-service';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import RedisAdapter from '../src/redis-adapter.ts';
import type { RedisServer } from './start-redis.ts';
import { redis, startRedis } from './start-redis.ts';

const LIMIT = 2 * 1024 * 1024;
const TAKERS = 'GETDEL GETSET SET GETEX LPOP RPOP LMPOP SPOP ZPOPMIN ZPOPMAX ZMPOP LMOVE LRANGE EVAL XAUTOCLAIM'.split(
  ' ',
);

type Connector = Awaited<ReturnType<typeof startConnector<RedisAdapter>>>;

const running: Connector[] = [];
let server: RedisServer;

beforeAll(async () => {
  server = await startRedis({
    settings: [
      // Nothing here is about what a restart keeps, and keeping it is most of the work.
      'appendonly no',
      'user default on nopass ~* &* +@all',
      'user plain on >pw ~* +@all -@scripting',
      'user bare on >pw ~* +getdel +set',
    ],
  });
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
  server.cli('FLUSHALL');
});
afterAll(() => server.close());

async function open(username?: string): Promise<Connector> {
  const config: StartConnectorOptions =
    username === undefined ? {} : { config: { auth: { type: 'basic', username, password: 'pw' } } };
  const connector = await startConnector(RedisAdapter, {
    url: server.url,
    settings: { allow_commands: TAKERS },
    timeoutMs: 60_000,
    ...config,
  });
  running.push(connector);
  return connector;
}

async function connect(username?: string) {
  const connector = await open(username);
  return (name: string, ...args: (string | number)[]): Promise<JsonObject> =>
    connector.call('command', { command: name, args });
}

/** Fills a key as a script, which needs no large argument. VALUE is so many times one character. */
const fill = (script: string, bytes: number, character = 'x'): void =>
  void server.cli(
    'EVAL',
    `local VALUE = string.rep(${JSON.stringify(character)}, ${bytes / character.length}); ${script}`,
    '0',
  );

/** What the values are, to another program, without showing them. */
const digest = (): string => server.cli('DEBUG', 'DIGEST');

const HUGE: [string, string, ...(string | number)[]][] = [
  ['GETDEL', "redis.call('SET', 'k', VALUE)", 'k'],
  ['GETSET', "redis.call('SET', 'k', VALUE)", 'k', 'new'],
  ['SET', "redis.call('SET', 'k', VALUE)", 'k', 'new', 'get'],
  ['LPOP', "redis.call('RPUSH', 'k', VALUE, 'a')", 'k'],
  ['RPOP', "redis.call('RPUSH', 'k', 'a', VALUE)", 'k', 2],
  ['RPOP', "redis.call('RPUSH', 'k', 'a', VALUE)", 'k'],
  ['LMPOP', "redis.call('RPUSH', 'k', VALUE, 'a')", 2, 'none', 'k', 'LEFT'],
  ['LMPOP', "redis.call('RPUSH', 'k', 'a', 'b', VALUE)", 2, 'none', 'k', 'RIGHT', 'COUNT', 2],
  ['SPOP', "redis.call('SADD', 'k', VALUE)", 'k'],
  ['SPOP', "redis.call('SADD', 'k', VALUE, 'a', 'b')", 'k', 3],
  ['ZPOPMIN', "redis.call('ZADD', 'k', 1, VALUE, 2, 'a')", 'k'],
  ['ZPOPMAX', "redis.call('ZADD', 'k', 1, 'a', 2, VALUE)", 'k', 1],
  ['ZMPOP', "redis.call('ZADD', 'k', 1, VALUE, 2, 'a')", 1, 'k', 'MIN'],
  ['ZMPOP', "redis.call('ZADD', 'k', 1, 'a', 2, VALUE)", 1, 'k', 'MAX'],
];

describeWith(redis, 'a reply that is too large', () => {
  it.each(HUGE)('leaves what %s would take where it is', async (name, script, ...args) => {
    fill(script, LIMIT + 1000);
    const before = digest();
    for (const user of [undefined, 'plain']) {
      // Without scripts nobody can look at what a random choice will be.
      if (user !== undefined && name === 'SPOP') continue;
      const command = await connect(user);
      await expect(command(name, ...args)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        effect: 'none',
        details: { reason: 'value_too_large' },
        message: expect.stringContaining(name),
      });
      expect(digest()).toBe(before);
    }
  });

  it.each([
    ['LPOP', "for i = 1, 5 do redis.call('RPUSH', 'k', VALUE) end", 'k', 5],
    ['SPOP', "for i = 1, 5 do redis.call('SADD', 'k', VALUE .. i) end", 'k', 5],
    ['ZPOPMIN', "for i = 1, 5 do redis.call('ZADD', 'k', i, VALUE .. i) end", 'k', 5],
  ])('is not taken by %s where only the sum is too large', async (name, script, ...args) => {
    fill(script, 700_000);
    const before = digest();
    const command = await connect();
    await expect(command(name, ...args)).rejects.toMatchObject({ code: 'INVALID_INPUT', effect: 'none' });
    expect(digest()).toBe(before);
    await expect(command(name, 'k', 2)).resolves.toMatchObject({ reply: expect.any(Array) });
  });

  it.each([
    ['LPOP', 'l', 'COUNT'],
    ['RPOP', 'l', 'COUNT'],
    ['LMPOP', 1, 'l', 'LEFT', 'count', 'COUNT'],
    ['LMPOP', 1, 'l', 'RIGHT', 'count', 'COUNT'],
    ['SPOP', 's', 'COUNT'],
    ['ZPOPMIN', 'z', 'COUNT'],
    ['ZPOPMAX', 'z', 'COUNT'],
    ['ZMPOP', 1, 'z', 'MIN', 'count', 'COUNT'],
    ['ZMPOP', 1, 'z', 'MAX', 'count', 'COUNT'],
  ])('is not taken however many are asked for: %s %s %s', async (name, ...args) => {
    const key = String(args.find((arg) => typeof arg === 'string' && /^[lsz]$/.test(arg)));
    const add = { l: "'RPUSH', 'l', i", s: "'SADD', 's', i", z: "'ZADD', 'z', i, i" }[key];
    const fillWith = (items: number): void => fill(`for i = 1, ${items} do redis.call(${add}) end`, 0);
    const command = await connect();
    const ask = (count: number | string) => command(name, ...args.map((arg) => (arg === 'COUNT' ? count : arg)));
    const counts = [100_000, '1000000000', '9223372036854775807'];
    fillWith(60_000);
    const before = digest();
    for (const count of counts)
      await expect(ask(count)).rejects.toMatchObject({ effect: 'none', details: { reason: 'value_too_large' } });
    expect(digest()).toBe(before);
    server.cli('FLUSHALL');
    for (const count of counts) {
      fillWith(3);
      expect((await ask(count))['truncated']).toBeUndefined();
      expect(server.cli('EXISTS', key)).toBe('0');
    }
    fillWith(3);
    await expect(ask('9223372036854775808')).rejects.toMatchObject({ code: 'INVALID_INPUT', effect: 'none' });
    expect(server.cli('EXISTS', key)).toBe('1');
  });

  it.each([
    ['text', 'x', (value: unknown) => (value as string).length],
    ['escapes', '\\001', (value: unknown) => Buffer.from((value as { base64: string }).base64, 'base64').length],
    ['bytes', '\\255', (value: unknown) => Buffer.from((value as { base64: string }).base64, 'base64').length],
  ])('is delivered up to the limit, and not cut: %s', async (_title, character, length) => {
    const script = `redis.call('SET', 'k', string.rep('${character}', ${LIMIT}))`;
    server.cli('EVAL', script, '0');
    const connector = await open();
    const found = await connector.call('get', { key: 'k' });
    expect(length(found['value'])).toBe(LIMIT);
    const taken = await connector.call('command', { command: 'GETDEL', args: ['k'] });
    expect(length(taken['reply'])).toBe(LIMIT);
    expect(taken).not.toHaveProperty('truncated');
    expect(server.cli('EXISTS', 'k')).toBe('0');
  });

  it('takes as the command itself does', async () => {
    const command = await connect();
    server.cli('RPUSH', 'l', 'a', 'b', 'c');
    await expect(command('LPOP', 'l')).resolves.toStrictEqual({ reply: 'a' });
    await expect(command('LPOP', 'l', 9)).resolves.toStrictEqual({ reply: ['b', 'c'] });
    await expect(command('LPOP', 'l')).resolves.toStrictEqual({ reply: null });
    server.cli('SADD', 's', 'a', 'b', 'c');
    const { reply: one } = await command('SPOP', 's');
    const { reply: rest } = await command('SPOP', 's', 9);
    expect([one, ...(rest as string[])].toSorted()).toStrictEqual(['a', 'b', 'c']);
    await expect(command('SPOP', 's')).resolves.toStrictEqual({ reply: null });
    await expect(command('SPOP', 's', 2)).resolves.toStrictEqual({ reply: [] });
    server.cli('ZADD', 'z', '1.5', 'a', '2', 'b');
    await expect(command('ZPOPMAX', 'z')).resolves.toStrictEqual({ reply: ['b', '2'] });
    await expect(command('ZMPOP', 1, 'z', 'MIN')).resolves.toStrictEqual({ reply: ['z', [['a', '1.5']]] });
    await expect(command('SET', 'v', 'one', 'GET')).resolves.toStrictEqual({ reply: null });
    await expect(command('SET', 'v', 'two', 'GET', 'EX', 100)).resolves.toStrictEqual({ reply: 'one' });
    await expect(command('SET', 'v', 'GET')).resolves.toStrictEqual({ reply: 'OK' });
    await expect(command('GETDEL', 'v')).resolves.toStrictEqual({ reply: 'GET' });
    for (const [name, ...args] of [
      ['LPOP', 'v2', 'x'],
      ['SPOP', 'v2', -1],
      ['GETDEL', 'v2', 'more'],
    ] as const)
      await expect(command(name, ...args)).rejects.toMatchObject({ code: 'INVALID_INPUT', effect: 'none' });
    server.cli('SET', 'v', 'x');
    await expect(command('LPOP', 'v')).rejects.toMatchObject({ details: { reason: 'wrongtype' }, effect: 'none' });
  });

  it('is asked for by its size first only as far as the user may', async () => {
    server.cli('SET', 'k', 'value');
    const command = await connect('bare');
    await expect(command('GETDEL', 'k')).resolves.toStrictEqual({ reply: 'value' });
    await expect(command('LPOP', 'k')).rejects.toMatchObject({ code: 'FORBIDDEN', effect: 'none' });
  });

  it('is refused after a read', async () => {
    fill("for i = 1, 5 do redis.call('RPUSH', 'k', VALUE) end", 700_000);
    fill("for i = 1, 200001 do redis.call('RPUSH', 'tiny', '') end", 0);
    const command = await connect();
    for (const list of ['k', 'tiny'])
      await expect(command('LRANGE', list, 0, -1)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        effect: 'none',
        details: { reason: 'reply_too_large' },
      });
    expect((await command('LRANGE', 'tiny', 0, 199_999))['reply']).toHaveLength(200_000);
  });

  it.each([
    ['a value', `return {'a', string.rep('x', ${LIMIT + 1}), 'b'}`, ['a', { truncated: LIMIT + 1 }, 'b']],
    ['a value alone', `return string.rep('x', ${LIMIT + 1})`, { truncated: LIMIT + 1 }],
  ])('is cut after a change, and marked: %s', async (_title, script, reply) => {
    const command = await connect();
    await expect(command('EVAL', `redis.call('INCR', 'n'); ${script}`, 0)).resolves.toStrictEqual({
      reply,
      truncated: true,
    });
    expect(server.cli('GET', 'n')).toBe('1');
  });

  it('is cut after a change where there are too many values, or they are nested too deep', async () => {
    const command = await connect();
    const many = await command('EVAL', 'local t = {}; for i = 1, 900000 do t[i] = i end; return t', 0);
    const list = many['reply'] as unknown[];
    expect(list.slice(0, 2)).toStrictEqual([1, 2]);
    expect(list.length).toBeLessThanOrEqual(200_000);
    expect(list.at(-1)).toStrictEqual({ truncated: 900_000 - (list.length - 1) });
    const deep = await command('EVAL', 'local t = {1}; for i = 1, 100 do t = {t} end; return t', 0);
    expect(deep['truncated']).toBe(true);
    const wide = await command('EVAL', "local t = {}; for i = 1, 9 do t[i] = string.rep('x', 700000) end; return t", 0);
    expect(Buffer.byteLength(JSON.stringify(wide))).toBeLessThan(3 * 1024 * 1024);
    expect(wide['reply']).toContainEqual({ truncated: 700_000 });
  });

  it('is told by its size however huge it is, and disturbs no neighbour', async () => {
    server.cli('SETRANGE', 'huge', '60000000', 'x');
    fill("for i = 1, 40 do redis.call('RPUSH', 'list', VALUE) end", 1_000_000);
    const connector = await open();
    await connector.call('get', { key: 'a' });
    const [value, list, taken, script, neighbour] = await Promise.allSettled([
      connector.call('get', { key: 'huge' }),
      connector.call('command', { command: 'LRANGE', args: ['list', 0, -1] }),
      connector.call('command', { command: 'GETDEL', args: ['huge'] }),
      connector.call('command', {
        command: 'EVAL',
        args: ["redis.call('INCR', 'n'); return redis.call('GET', 'huge')", 0],
      }),
      connector.call('incr', { key: 'n' }),
    ]);
    const refused = { code: 'INVALID_INPUT', effect: 'none' };
    expect(value).toMatchObject({ reason: { ...refused, message: expect.stringContaining('60000001 bytes') } });
    expect(list).toMatchObject({ reason: { ...refused, details: { reason: 'reply_too_large' } } });
    expect(taken).toMatchObject({ reason: { ...refused, details: { reason: 'value_too_large' } } });
    expect(script).toMatchObject({ value: { reply: { truncated: 60_000_001 }, truncated: true } });
    expect(neighbour).toMatchObject({ value: { value: '2' } });
    expect(server.cli('STRLEN', 'huge')).toBe('60000001');
  });

  it('is cut after a move of a value, which stays where it was moved to', async () => {
    fill("redis.call('RPUSH', 'k', VALUE)", LIMIT + 1000);
    const command = await connect();
    await expect(command('LMOVE', 'k', 'other', 'LEFT', 'RIGHT')).resolves.toStrictEqual({
      reply: { truncated: LIMIT + 1000 },
      truncated: true,
    });
    expect(server.cli('LLEN', 'other')).toBe('1');
  });
});
