import { startConnector } from '@automate/testing';
import { describeWith } from '@automate/tooling/require-service';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import RedisAdapter from '../src/redis-adapter.ts';
import type { RedisServer } from './start-redis.ts';
import { redis, startRedis } from './start-redis.ts';

describeWith(redis, 'replies of a real Redis', () => {
  let server: RedisServer;
  let connector: Awaited<ReturnType<typeof startConnector<RedisAdapter>>>;

  beforeAll(async () => {
    server = await startRedis();
    connector = await startConnector(RedisAdapter, {
      url: server.url,
      settings: { allow_commands: ['eval', 'HSET', 'HGETALL', 'ZSCORE', 'config get'] },
    });
  });
  afterAll(async () => {
    await connector?.close();
    await server?.close();
  });

  const evaluate = async (script: string): Promise<unknown> =>
    (await connector.call('command', { command: 'EVAL', args: [script, 0] }))['reply'];

  it.each([
    ['a status that looks like a number', `return {ok='123'}`, '123'],
    ['a status within a list', `return {{ok='123'}, {ok='FINE'}}`, ['123', 'FINE']],
    ['a text that looks like a number', `return '123'`, '123'],
    ['a number', 'return 123', 123],
    ['an error within a list', `return {1, redis.error_reply('NO not you'), 'b'}`, [1, { error: 'NO not you' }, 'b']],
    ['an error that a command gave', `return {redis.pcall('NOSUCH')}`, [{ error: expect.stringContaining('ERR') }]],
    ['nothing', 'return nil', null],
    ['nothing within a list', 'return {false, 1}', [null, 1]],
    ['an empty list', 'return {}', []],
    ['bytes', `return '\\255'`, { base64: '/w==' }],
    ['a status of bytes', `return {ok='\\255'}`, { base64: '/w==' }],
    ['what RESP3 tells apart, as RESP2 tells it', `redis.setresp(3); return {{double=3.5}, true}`, ['3.5', 1]],
  ])('tell %s', async (_title, script, expected) => {
    await expect(evaluate(script)).resolves.toStrictEqual(expected);
  });

  it('keep names that mean something to JavaScript', async () => {
    const fields = ['__proto__', 'a', 'constructor', 'b'];
    const set = { command: 'HSET', args: ['h', ...fields] };
    await expect(connector.call('command', set)).resolves.toStrictEqual({ reply: 2 });
    await expect(connector.call('command', { command: 'HGETALL', args: ['h'] })).resolves.toStrictEqual({
      reply: fields,
    });
    await expect(connector.call('hget', { key: 'h', field: '__proto__' })).resolves.toMatchObject({ value: 'a' });
  });

  it('count by more than JSON numbers can be', async () => {
    await expect(connector.call('incr', { key: 'big', by: '9007199254740993' })).resolves.toStrictEqual({
      value: '9007199254740993',
    });
  });
});
