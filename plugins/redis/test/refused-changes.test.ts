import type { StartConnectorOptions } from '@automate/testing';
import { startConnector } from '@automate/testing';
import { eventually } from '@automate/tooling/eventually';
import { describeWith } from '@automate/tooling/require-service';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import RedisAdapter from '../src/redis-adapter.ts';
import type { RedisServer } from './start-redis.ts';
import { redis, startRedis } from './start-redis.ts';

const running: { close(): Promise<unknown> }[] = [];
let server: RedisServer;
beforeEach(async () => {
  server = await startRedis({ settings: ['enable-protected-configs local'] });
  running.push(server);
});
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
});

async function connect(options: StartConnectorOptions = {}) {
  const connector = await startConnector(RedisAdapter, { url: server.url, ...options });
  running.push(connector);
  return connector;
}
type Connector = Awaited<ReturnType<typeof connect>>;

/** How often the server has carried a command out, and how often it has refused it. */
function counted(command: string): { readonly calls: number; readonly rejected: number } {
  const line = new RegExp(`^cmdstat_${command}:(.*)$`, 'm').exec(server.cli('INFO', 'commandstats'))?.[1] ?? '';
  const count = (name: string) => Number(new RegExp(`\\b${name}=(\\d+)`).exec(line)?.[1] ?? 0);
  return { calls: count('calls'), rejected: count('rejected_calls') };
}

const taking = { settings: { allow_commands: ['GETDEL', 'LPOP', 'EVAL'] } };
const set = (connector: Connector) => connector.call('set', { key: 'a', value: 'b' });
const getdel = (connector: Connector) => connector.call('command', { command: 'GETDEL', args: ['kept'] });

/** Has the server fail to write its data to the disk. */
async function breakDisk(): Promise<void> {
  server.cli('CONFIG', 'SET', 'dir', '/proc');
  server.cli('CONFIG', 'SET', 'save', '3600 1', 'stop-writes-on-bgsave-error', 'yes');
  server.cli('BGSAVE');
  await eventually(
    () => server.cli('INFO', 'persistence'),
    (info) => info.includes('rdb_last_bgsave_status:err'),
  );
}

/** What a connector meets once it has noticed that its connection is gone. */
const afterwards = async (call: () => Promise<unknown>) =>
  eventually(
    () => call().catch((error: unknown) => error),
    (met) => (met as { code?: string }).code !== 'TRANSIENT_NETWORK',
  );

const untouched = (reason: string, retryable: boolean) => ({
  code: 'UPSTREAM_5XX',
  effect: 'none',
  blame: 'remote',
  retryable,
  details: { reason },
});

describeWith(redis, 'a Redis that refuses changes', () => {
  it('because its disk cannot be written has done none of them, and is unhealthy for who writes alone', async () => {
    const writer = await connect(taking);
    const reader = await connect({ settings: { read_only: true } });
    server.cli('SET', 'kept', 'v');
    await breakDisk();
    for (const change of [set, getdel]) await expect(change(writer)).rejects.toMatchObject(untouched('misconf', false));
    await expect(writer.call('get', { key: 'kept' })).resolves.toMatchObject({ value: 'v' });
    expect(counted('set')).toStrictEqual({ calls: 1, rejected: 1 });
    expect(counted('getdel').calls).toBe(0);
    expect(server.cli('MGET', 'kept', 'a')).toBe('v');
    await expect(writer.health()).resolves.toMatchObject({ status: 'unhealthy', details: { reason: 'misconf' } });
    await expect(reader.health()).resolves.toMatchObject({ status: 'healthy' });
    server.cli('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no');
    await expect(getdel(writer)).resolves.toStrictEqual({ reply: 'v' });
    await expect(writer.health()).resolves.toMatchObject({ status: 'healthy' });
  });

  it('because its memory is full has done none of them, lets go of what it has, and is unhealthy for who writes', async () => {
    const writer = await connect(taking);
    server.cli('SET', 'kept', 'v');
    server.cli('CONFIG', 'SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction');
    await expect(set(writer)).rejects.toMatchObject(untouched('oom', false));
    await expect(writer.call('incr', { key: 'n' })).rejects.toMatchObject(untouched('oom', false));
    expect(counted('set')).toStrictEqual({ calls: 1, rejected: 1 });
    expect(counted('incrby')).toStrictEqual({ calls: 0, rejected: 1 });
    await expect(writer.health()).resolves.toMatchObject({ status: 'unhealthy', details: { reason: 'oom' } });
    await expect(getdel(writer)).resolves.toStrictEqual({ reply: 'v' });
    expect(server.cli('DBSIZE')).toBe('0');
  });

  it('because it lacks replicas has done none of them, and is unhealthy for who writes', async () => {
    const writer = await connect(taking);
    server.cli('SET', 'kept', 'v');
    server.cli('CONFIG', 'SET', 'min-replicas-to-write', '1');
    for (const change of [set, getdel])
      await expect(change(writer)).rejects.toMatchObject(untouched('noreplicas', true));
    expect(counted('set')).toStrictEqual({ calls: 1, rejected: 1 });
    expect(server.cli('GET', 'kept')).toBe('v');
    await expect(writer.health()).resolves.toMatchObject({ status: 'unhealthy', details: { reason: 'noreplicas' } });
  });
});

describeWith(redis, 'a Redis that knows us no more', () => {
  it('because it has been given a password has done nothing', async () => {
    const connector = await connect();
    await set(connector);
    server.cli('CONFIG', 'SET', 'requirepass', 'word');
    // Who is in stays in.
    await set(connector);
    server.cli('-a', 'word', 'CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    const refused = { code: 'AUTH_FAILED', effect: 'none', blame: 'operator', retryable: false };
    await expect(afterwards(() => set(connector))).resolves.toMatchObject({
      ...refused,
      details: { reason: 'noauth' },
      message: expect.stringContaining('the operator must set auth'),
    });
    await expect(connector.health()).resolves.toMatchObject({ details: { code: 'AUTH_FAILED' } });
    expect(server.cli('-a', 'word', 'INFO', 'commandstats')).toContain('cmdstat_set:calls=2,');
  });

  it('because its password was changed has done nothing', async () => {
    server.cli('CONFIG', 'SET', 'requirepass', 'old');
    const connector = await connect({ config: { auth: { type: 'basic', username: 'default', password: 'old' } } });
    await set(connector);
    server.cli('-a', 'old', 'CONFIG', 'SET', 'requirepass', 'new');
    server.cli('-a', 'new', 'CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await expect(afterwards(() => set(connector))).resolves.toMatchObject({
      code: 'AUTH_FAILED',
      effect: 'none',
      blame: 'operator',
      retryable: false,
      details: { reason: 'wrongpass' },
      message: expect.not.stringContaining('old'),
    });
    expect(server.cli('-a', 'new', 'INFO', 'commandstats')).toContain('cmdstat_set:calls=1,');
  });

  it('because the user is no more has done nothing', async () => {
    server.cli('ACL', 'SETUSER', 'app', 'on', '>word', '~*', '+@all');
    const connector = await connect({ config: { auth: { type: 'basic', username: 'app', password: 'word' } } });
    await set(connector);
    server.cli('ACL', 'DELUSER', 'app');
    await expect(afterwards(() => set(connector))).resolves.toMatchObject({
      code: 'AUTH_FAILED',
      effect: 'none',
      blame: 'operator',
    });
    expect(counted('set').calls).toBe(1);
  });

  it.each([
    ['the command', '-set'],
    ['the key', 'resetkeys'],
  ])('and took away the right to %s has done nothing, and lets us do the rest', async (_title, rule) => {
    server.cli('ACL', 'SETUSER', 'app', 'on', '>word', '~*', '+@all');
    const config = { auth: { type: 'basic', username: 'app', password: 'word' } } as const;
    const connector = await connect({ config, ...taking });
    server.cli('SET', 'kept', 'v');
    await set(connector);
    server.cli('ACL', 'SETUSER', 'app', rule, '-getdel');
    const refused = { code: 'FORBIDDEN', effect: 'none', blame: 'operator', retryable: false };
    for (const change of [set, getdel])
      await expect(change(connector)).rejects.toMatchObject({ ...refused, details: { reason: 'noperm' } });
    expect(counted('set')).toMatchObject({ calls: 2, rejected: 1 });
    expect(server.cli('MGET', 'kept', 'a')).toBe('v\nb');
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
    server.cli('ACL', 'SETUSER', 'app', '~*', '+@all');
    await expect(getdel(connector)).resolves.toStrictEqual({ reply: 'v' });
  });
});
