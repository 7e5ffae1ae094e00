import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { closedPort, startConnector } from '@automate/testing';
import { eventually } from '@automate/tooling/eventually';
import { describeWith } from '@automate/tooling/require-service';
import { afterEach, expect, it } from '@jest/globals';
import RedisAdapter from '../src/redis-adapter.ts';
import type { RedisServer } from './start-redis.ts';
import { redis, startRedis } from './start-redis.ts';

const run = promisify(execFile);
const running: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
});

async function serve(...settings: string[]): Promise<RedisServer> {
  const server = await startRedis({ settings });
  running.push(server);
  return server;
}

async function connect({ url }: RedisServer) {
  const connector = await startConnector(RedisAdapter, { url });
  running.push(connector);
  return connector;
}

/** Has redis-cli send a command that takes long, and waits until the server refuses all others because of it. */
async function occupy(
  server: RedisServer,
  refusal: string,
  ...command: string[]
): Promise<{ readonly ended: Promise<unknown> }> {
  let isOver = false;
  const ended = run('redis-cli', ['-p', String(server.port), ...command]).then(
    () => (isOver = true),
    () => (isOver = true),
  );
  const said = await eventually(
    () => server.cli('GET', 'k1'),
    (reply) => isOver || reply.startsWith(refusal),
  );
  expect(said).toContain(refusal);
  return { ended };
}

const later = { code: 'UPSTREAM_5XX', effect: 'none', retryable: true };

describeWith(redis, 'a Redis that cannot do it now', () => {
  it('says so while it reads its data, and does it once it has', async () => {
    const server = await serve('appendonly no', 'rdbcompression no');
    const connector = await connect(server);
    server.cli('EVAL', "for i = 1, 500 do redis.call('SET', 'k' .. i, string.rep('x', 1024)) end", '0');
    // It hears of others between any two keys, and takes its time for each until it is told otherwise.
    server.cli('CONFIG', 'SET', 'loading-process-events-interval-bytes', '1024');
    server.cli('CONFIG', 'SET', 'key-load-delay', '50000');
    const { ended } = await occupy(server, 'LOADING', 'DEBUG', 'RELOAD');
    const loading = { ...later, details: { reason: 'loading' } };
    await expect(connector.call('set', { key: 'a', value: 'b' })).rejects.toMatchObject(loading);
    await expect(connector.health()).resolves.toMatchObject({ status: 'unhealthy', details: { reason: 'loading' } });
    server.cli('CONFIG', 'SET', 'key-load-delay', '0');
    await ended;
    await expect(connector.call('set', { key: 'a', value: 'b' })).resolves.toStrictEqual({ set: true });
  });

  it('says so while a program runs that does not end, and does it once that is killed', async () => {
    const server = await serve('busy-reply-threshold 50');
    const connector = await connect(server);
    await connector.call('set', { key: 'a', value: 'b' });
    const { ended } = await occupy(server, 'BUSY', 'EVAL', 'while true do end', '0');
    const busy = { ...later, details: { reason: 'busy' } };
    await expect(connector.call('incr', { key: 'n' })).rejects.toMatchObject(busy);
    await expect(connector.health()).resolves.toMatchObject({ status: 'unhealthy', details: { reason: 'busy' } });
    server.cli('SCRIPT', 'KILL');
    await ended;
    await expect(connector.call('incr', { key: 'n' })).resolves.toStrictEqual({ value: '1' });
  });

  it('says so while it lacks the replicas that it must have', async () => {
    const connector = await connect(await serve('min-replicas-to-write 1'));
    const alone = { ...later, details: { reason: 'noreplicas' } };
    await expect(connector.call('set', { key: 'a', value: 'b' })).rejects.toMatchObject(alone);
  });
});

describeWith(redis, 'a cluster of three', () => {
  async function startCluster(): Promise<readonly RedisServer[]> {
    const nodes = await Promise.all(
      [1, 2, 3].map(async () => serve('cluster-enabled yes', `cluster-port ${await closedPort()}`)),
    );
    const places = nodes.map(({ port }) => `127.0.0.1:${port}`);
    await run('redis-cli', ['--cluster', 'create', ...places, '--cluster-yes']);
    await eventually(() => nodes.every((node) => node.cli('CLUSTER', 'INFO').includes('cluster_state:ok')));
    return nodes;
  }

  it('is no server with all keys: each of its nodes says what it lacks, without effect, and is unhealthy', async () => {
    const nodes = await startCluster();
    const elsewhere = {
      code: 'UPSTREAM_5XX',
      effect: 'none',
      blame: 'operator',
      message: expect.stringContaining('one node of a cluster'),
    };
    let kept = 0;
    for (const node of nodes) {
      const connector = await connect(node);
      await expect(connector.health()).resolves.toMatchObject({
        status: 'unhealthy',
        message: expect.stringContaining('one node of a cluster of 3'),
      });
      // Their slots are in the three thirds of all.
      for (const key of ['bar', 'hello', 'foo']) {
        const answer = await connector.call('set', { key, value: 'x' }).catch((error: unknown) => error);
        if (answer instanceof Error) expect(answer).toMatchObject({ ...elsewhere, details: { reason: 'moved' } });
        else kept += 1;
      }
    }
    expect(kept).toBe(3);

    const [first, second] = nodes as [RedisServer, RedisServer];
    const slot = first.cli('CLUSTER', 'KEYSLOT', 'bar');
    const [from, to] = [first, second].map((node) => node.cli('CLUSTER', 'MYID')) as [string, string];
    second.cli('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from);
    first.cli('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to);
    first.cli('DEL', 'bar');
    const connector = await connect(first);
    const asked = { ...elsewhere, details: { reason: 'ask' } };
    await expect(connector.call('set', { key: 'bar', value: 'x' })).rejects.toMatchObject(asked);
  });
});
