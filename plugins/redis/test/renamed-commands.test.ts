import type { JsonObject } from '@automate/sdk';
import { startConnector } from '@automate/testing';
import { describeWith } from '@automate/tooling/require-service';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import RedisAdapter from '../src/redis-adapter.ts';
import type { RedisServer } from './start-redis.ts';
import { redis, startRedis } from './start-redis.ts';

const RENAMED = 'MULTI EXEC SUBSCRIBE MONITOR BLPOP CLIENT SELECT XREAD GETDEL SET'.split(' ');
/** What the server's operator calls a command of Redis's. */
const nameOf = (command: string): string => `X${command}`;

const running: { close(): Promise<void> }[] = [];
let server: RedisServer;

beforeAll(async () => {
  server = await startRedis({
    settings: [
      ...RENAMED.map((command) => `rename-command ${command} ${nameOf(command)}`),
      'user default on nopass ~* &* +@all',
      'user blind on >pw ~* &* +@all -command',
    ],
  });
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
  server.cli('FLUSHALL');
});
afterAll(() => server.close());

async function connect(username?: string) {
  const connector = await startConnector(RedisAdapter, {
    url: server.url,
    settings: { allow_commands: [...RENAMED.map(nameOf), 'LPUSH'] },
    config: username === undefined ? {} : { auth: { type: 'basic', username, password: 'pw' } },
  });
  running.push(connector);
  const command = (name: string, ...args: (string | number)[]): Promise<JsonObject> =>
    connector.call('command', { command: name, args });
  return { connector, command };
}

describeWith(redis, "a command that the server's operator has renamed", () => {
  it.each([
    ['MULTI'],
    ['EXEC'],
    ['SUBSCRIBE', 'channel'],
    ['MONITOR'],
    ['BLPOP', 'list', 0],
    ['CLIENT', 'REPLY', 'OFF'],
    ['SELECT', 1],
    ['XREAD', 'BLOCK', 0, 'STREAMS', 's', '$'],
  ] as const)(
    'is not sent where it would change the connection of all calls, or block it: %s',
    async (name, ...args) => {
      const { connector, command } = await connect();
      server.cli(nameOf('SET'), 'k', 'value');
      await expect(command(nameOf(name), ...args)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        effect: 'none',
        message: expect.stringContaining(name),
        details: { reason: 'would_block' },
      });
      await expect(connector.call('get', { key: 'k' })).resolves.toStrictEqual({ found: true, value: 'value' });
    },
  );

  it('leaves a value that is too large to be sent where it is', async () => {
    const { command } = await connect();
    server.cli('EVAL', "redis.call('APPEND', 'k', string.rep('x', 3000000))", '0');
    await expect(command(nameOf('GETDEL'), 'k')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
      details: { reason: 'value_too_large' },
    });
    expect(server.cli('STRLEN', 'k')).toBe('3000000');
  });

  it('is refused without effect where Redis refuses it', async () => {
    const { command } = await connect();
    server.cli('LPUSH', 'list', 'a');
    await expect(command(nameOf('SET'), 'k', 'v', 'XX', 'NX')).rejects.toMatchObject({ effect: 'none' });
    await expect(command(nameOf('SET'), 'k', 'v')).resolves.toStrictEqual({ reply: 'OK' });
    expect(server.cli('GET', 'k')).toBe('v');
  });

  it('is as good as unknown where the user may not ask for its name; only a discarded transaction did certainly nothing', async () => {
    const { command } = await connect('blind');
    await expect(command(nameOf('SET'), 'k', 'v', 'XX', 'NX')).rejects.toMatchObject({ effect: 'maybe' });
    await command(nameOf('MULTI'));
    await command('LPUSH', 'list', 'a');
    await expect(command('LPUSH', 'list')).rejects.toMatchObject({ code: 'INVALID_INPUT', effect: 'none' });
    await expect(command(nameOf('EXEC'))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
      details: { reason: 'execabort' },
    });
    expect(server.cli('EXISTS', 'list')).toBe('0');
  });
});
