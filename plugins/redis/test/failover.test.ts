import type { JsonObject } from '@automate/sdk';
import { closedPort, startConnector } from '@automate/testing';
import { eventually } from '@automate/tooling/eventually';
import { describeWith } from '@automate/tooling/require-service';
import { afterEach, describe, expect, it } from '@jest/globals';
import RedisAdapter from '../src/redis-adapter.ts';
import type { Proxy } from './start-proxy.ts';
import { startProxy } from './start-proxy.ts';
import type { RedisServer } from './start-redis.ts';
import { redis, startRedis } from './start-redis.ts';
import { startScripted } from './start-scripted.ts';

const running: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
});

async function connect(port: number, settings: JsonObject = {}) {
  const connector = await startConnector(RedisAdapter, { url: `redis://127.0.0.1:${port}`, settings });
  running.push(connector);
  return connector;
}

/** Two servers and a name for the first of them. */
async function pair(): Promise<{ first: RedisServer; second: RedisServer; name: Proxy }> {
  const [first, second] = await Promise.all([startRedis(), startRedis()]);
  const name = await startProxy(first.port);
  running.push(first, second, name);
  return { first, second, name };
}

/** The first becomes a replica of the second, and the name moves, but nobody ends the connections. */
function failOver({ first, second, name }: Awaited<ReturnType<typeof pair>>): void {
  first.cli('REPLICAOF', '127.0.0.1', String(second.port));
  name.moveTo(second.port);
}

describeWith(redis, 'a Redis that became a replica', () => {
  it('is left: the write that it refused had no effect, and the next one reaches the new primary', async () => {
    const servers = await pair();
    const connector = await connect(servers.name.port);
    await connector.call('set', { key: 'k', value: 'old' });
    failOver(servers);
    await expect(connector.call('set', { key: 'k', value: 'new' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      effect: 'none',
      retryable: true,
      details: { reason: 'readonly' },
    });
    await connector.call('set', { key: 'k', value: 'new' });
    expect(servers.second.cli('GET', 'k')).toBe('new');
  });

  it('is left after a script too, of which it is not known what it did', async () => {
    const servers = await pair();
    const connector = await connect(servers.name.port, { allow_commands: ['EVAL', 'GETDEL'] });
    const incr = { command: 'EVAL', args: ["return redis.call('INCR', KEYS[1])", '1', 'n'] };
    await connector.call('command', incr);
    failOver(servers);
    await expect(connector.call('command', incr)).rejects.toMatchObject({ effect: 'maybe' });
    await expect(connector.call('command', incr)).resolves.toStrictEqual({ reply: 1 });
  });

  it('refuses what would take a value without effect', async () => {
    const servers = await pair();
    const connector = await connect(servers.name.port, { allow_commands: ['GETDEL'] });
    await connector.call('get', { key: 'k' });
    failOver(servers);
    const take = { command: 'GETDEL', args: ['k'] };
    await expect(connector.call('command', take)).rejects.toMatchObject({ effect: 'none', retryable: true });
    await expect(connector.call('command', take)).resolves.toStrictEqual({ reply: null });
  });

  it('is unhealthy for a connector that writes, and is left by that, and is healthy for one that only reads', async () => {
    const servers = await pair();
    const writer = await connect(servers.name.port);
    const reader = await connect(servers.first.port, { read_only: true });
    await expect(writer.health()).resolves.toMatchObject({ status: 'healthy' });
    failOver(servers);
    await expect(writer.health()).resolves.toMatchObject({
      status: 'unhealthy',
      message: expect.stringContaining('is a replica'),
    });
    await expect(writer.health()).resolves.toMatchObject({ status: 'healthy' });
    await expect(reader.health()).resolves.toMatchObject({ status: 'healthy' });
    await expect(reader.call('set', { key: 'a', value: 'b' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
      effect: 'none',
      details: { reason: 'read_only' },
    });
  });

  it('is unhealthy, also for reading, while it serves nothing without its primary', async () => {
    const servers = await pair();
    const reader = await connect(servers.first.port, { read_only: true });
    await reader.call('get', { key: 'k' });
    await servers.second.stop();
    servers.first.cli('CONFIG', 'SET', 'replica-serve-stale-data', 'no');
    failOver(servers);
    const failure = { code: 'UPSTREAM_5XX', effect: 'none', retryable: true, details: { reason: 'masterdown' } };
    await expect(reader.call('get', { key: 'k' })).rejects.toMatchObject(failure);
    await expect(reader.health()).resolves.toMatchObject({ status: 'unhealthy', details: { reason: 'masterdown' } });
    await servers.second.restart();
  });

  it('is left by reads once the connection is old', async () => {
    const servers = await pair();
    const connector = await connect(servers.name.port, { max_lifetime_ms: 1000 });
    servers.first.cli('SET', 'k', 'first');
    await expect(connector.call('get', { key: 'k' })).resolves.toMatchObject({ value: 'first' });
    servers.name.moveTo(servers.second.port);
    servers.second.cli('SET', 'k', 'second');
    const found = async () => (await connector.call('get', { key: 'k' }))['value'];
    await eventually(found, (value) => value === 'second');
    expect(servers.name.connections).toBe(2);
  });

  it('is a node of a cluster: what other nodes have is refused without effect, and it is left', async () => {
    const node = await startRedis({ settings: ['cluster-enabled yes', `cluster-port ${await closedPort()}`] });
    running.push(node);
    const name = await startProxy(node.port);
    running.push(name);
    const connector = await connect(name.port);
    const down = { code: 'UPSTREAM_5XX', effect: 'none', retryable: true, details: { reason: 'clusterdown' } };
    await expect(connector.call('set', { key: 'a', value: 'b' })).rejects.toMatchObject(down);
    await expect(connector.health()).resolves.toMatchObject({
      status: 'unhealthy',
      details: { reason: 'clusterdown' },
    });
    expect(name.connections).toBeGreaterThan(1);
  });
});

describe('a server that answers with another address', () => {
  it('is left, and the call had no effect', async () => {
    const server = await startScripted((bytes, connection) => {
      if (bytes.includes('EXISTS')) return ':0\r\n';
      return connection === 1 ? '-MOVED 7 127.0.0.1:1\r\n' : '+OK\r\n';
    });
    running.push(server);
    const connector = await connect(server.port);
    await expect(connector.call('set', { key: 'a', value: 'b' })).rejects.toMatchObject({
      effect: 'none',
      retryable: true,
      blame: 'operator',
      message: expect.stringContaining('cluster'),
    });
    await expect(connector.call('set', { key: 'a', value: 'b' })).resolves.toStrictEqual({ set: true });
  });
});
