import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { openStores } from '../../dist/store/open-stores.js';
import type { Stores } from '../../dist/store/stores.js';
import { startPgBouncer } from '../../../plugins/postgres/test/start-pgbouncer.ts';
import { describeWithPostgres, PASSWORD } from '../fixtures/postgres-databases.ts';
import { startCuttingProxy, throughPort } from './fixtures/cutting-proxy.ts';

const HOST = join(import.meta.dirname, 'fixtures', 'begin-and-wait.mjs');
const PLACE = { connector: 'x', principal: 'local', key: 'k' };
const CLAIM = { ...PLACE, action: 'do', payloadSha256: 'aa' };
const SECRET = { namespace: 'n', name: 'token' };
const seal = (version: number) => ({ keyId: 'k', dataKey: Buffer.from([version]), sealed: Buffer.from([version]) });

const open = (storeUrl: string): Promise<Stores> => openStores({ dataDir: '', storeUrl });

describeWithPostgres('PostgreSQL as the store', (databases) => {
  it('has its tables made once by hosts that start together, in a schema of their own', async () => {
    const url = await databases.create();
    const hosts = await Promise.all(Array.from({ length: 8 }, () => open(url)));
    await Promise.all(hosts.map((host) => host.close()));
    const versions = await databases.sql(url, 'SELECT version FROM automate.schema_version');
    expect(versions).toHaveLength(1);
    expect(await databases.sql(url, `SELECT FROM pg_tables WHERE schemaname = 'public'`)).toEqual([]);
  });

  it('refuses tables of a newer version, and says what to do', async () => {
    const url = await databases.create();
    await (await open(url)).close();
    await databases.sql(url, 'UPDATE automate.schema_version SET version = 99');
    await expect(open(url)).rejects.toThrow(
      /127\.0\.0\.1:\d+\/store_\d+ was written by a newer version.*schema 99.*upgrade the host/,
    );
    expect(await databases.sql(url, 'SELECT version FROM automate.schema_version')).toEqual([{ version: 99 }]);
  });

  it('needs no more right than to make tables in the schema, where that is there already', async () => {
    const url = await databases.create();
    await databases.sql(
      url,
      `CREATE ROLE modest LOGIN PASSWORD 'modest-words'; CREATE SCHEMA automate AUTHORIZATION modest`,
    );
    const modest = url.replace(/\/\/.*@/, '//modest:modest-words@');
    const stores = await open(modest);
    await stores.connectors.put('x', { id: 'x' });
    await stores.close();
    const bare = await databases.create();
    await expect(open(bare.replace(/\/\/.*@/, '//modest:modest-words@'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      blame: 'operator',
      details: { reason: 'store_lost' },
      message: expect.stringMatching(/lacks a right.*permission denied for database/),
    });
  });

  it.each([
    [
      'another password',
      (url: string) => url.replace(/:[^:@]*@/, ':wrong-Canary-471@'),
      /correct the user and the password/,
    ],
    ['a database that is not there', (url: string) => url.replace(/store_\d+$/, 'absent'), /no such database.*absent/],
    ['TLS of a server that speaks none', (url: string) => `${url}?sslmode=require`, /sslmode and sslrootcert/],
  ])('says what is wrong with STORE_URL, without its password: %s', async (_what, change, words) => {
    const url = change(await databases.create());
    const fault = (await open(url).catch((error: unknown) => error)) as Error;
    expect(fault).toMatchObject({
      code: 'UNAVAILABLE',
      effect: 'none',
      details: { reason: 'store_lost' },
      message: expect.stringMatching(words),
    });
    for (const shown of [fault.message, fault.stack, JSON.stringify(fault), String((fault.cause as Error).stack)])
      for (const secret of ['wrong-Canary-471', PASSWORD, encodeURIComponent(PASSWORD)])
        expect(shown).not.toContain(secret);
  });

  it('goes on after the server was restarted, and waits for one that is just coming up', async () => {
    const url = await databases.create();
    const stores = await open(url);
    await stores.connectors.put('before', { id: 'before' });
    await databases.server.stop('SIGQUIT');
    const put = stores.connectors.put('meanwhile', { id: 'meanwhile' });
    await databases.server.restart();
    await expect(put).resolves.toBe(true);
    expect((await stores.connectors.load()).map(({ id }) => id)).toEqual(['before', 'meanwhile']);
    await stores.close();
  });

  it('keeps what it has answered through a crash, also in a database that does not wait for its disk', async () => {
    const url = await databases.create();
    await databases.sql(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = off`);
    await databases.server.sql(`ALTER SYSTEM SET wal_writer_delay = '10s'`);
    await databases.server.sql('SELECT pg_reload_conf()');
    const stores = await open(url);
    await stores.connectors.put('x', { id: 'x' });
    await databases.server.stop('SIGQUIT');
    await databases.server.restart();
    expect((await stores.connectors.load()).map(({ id }) => id)).toEqual(['x']);
    await databases.server.sql('ALTER SYSTEM RESET wal_writer_delay');
    await stores.close();
  });

  it('knows the calls of a host that was killed to be unknown, and has one that only slept change nothing afterwards', async () => {
    const url = await databases.create();
    const stores = await open(url);
    const start = async (key: string) => {
      const child = spawn(process.execPath, [HOST, url, key], { stdio: ['pipe', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      return child;
    };
    const [killed, asleep, alive] = await Promise.all(['killed', 'asleep', 'alive'].map(start));
    if (killed === undefined || asleep === undefined || alive === undefined) throw new Error('no host');
    const find = (key: string) => stores.outcomes.find({ ...PLACE, key });
    try {
      killed.kill('SIGKILL');
      asleep.kill('SIGSTOP');
      for (const key of ['killed', 'asleep', 'alive'])
        await expect(find(key)).resolves.toMatchObject({ status: 'running' });
      for (const key of ['killed', 'asleep']) await eventually(async () => (await find(key))?.status === 'unknown');
      await expect(find('alive')).resolves.toMatchObject({ status: 'running' });
      asleep.kill('SIGCONT');
      for (const child of [asleep, alive]) {
        child.stdin.write('end\n');
        await once(child.stdout, 'data');
      }
      await expect(find('asleep')).resolves.toMatchObject({ status: 'unknown' });
      await expect(find('asleep')).resolves.not.toHaveProperty('text');
      await expect(find('alive')).resolves.toMatchObject({ status: 'succeeded', text: '"late"' });
    } finally {
      for (const child of [killed, asleep, alive]) child.kill('SIGKILL');
      await stores.close();
    }
  });

  it('says so where nothing answers, with what it cannot know, and writes the ends of calls down later that it could not write when they came', async () => {
    const url = await databases.create();
    await using proxy = await startCuttingProxy(databases.server.port);
    const stores = await open(throughPort(url, proxy.port));
    await stores.outcomes.begin(CLAIM);
    const stopped = Promise.withResolvers<void>();
    proxy.cutCommit('connectors', 'arrives', () => databases.server.stop('SIGQUIT').then(stopped.resolve));
    const put = stores.connectors.put('x', { id: 'x' });
    await Promise.race([stopped.promise, put]);
    const end = { status: 'succeeded', attempts: 1, text: '1', expiresAt: Date.now() + 600_000 } as const;
    const lost = {
      code: 'UNAVAILABLE',
      retryable: true,
      effect: 'none',
      details: { reason: 'store_lost' },
      message: expect.stringContaining('does not answer'),
    };
    const ending = stores.outcomes.end(PLACE, end);
    const unknown = expect.stringContaining('whether it was done all the same is not known');
    await Promise.all([
      expect(put).rejects.toMatchObject({ ...lost, effect: 'maybe', message: unknown }),
      expect(ending).rejects.toMatchObject(lost),
      expect(open(url)).rejects.toMatchObject(lost),
    ]);
    await databases.server.restart();
    await expect(stores.outcomes.find(PLACE)).resolves.toMatchObject({ status: 'succeeded' });
    await stores.close();
  });

  it('deletes outcomes that have expired', async () => {
    const url = await databases.create();
    const stores = await open(url);
    await stores.outcomes.begin(CLAIM);
    await stores.outcomes.end(PLACE, { status: 'succeeded', attempts: 1, text: '1', expiresAt: Date.now() - 1 });
    await eventually(async () => (await databases.sql(url, 'SELECT FROM automate.outcomes')).length === 0);
    await stores.close();
    expect(await databases.sql(url, 'SELECT FROM automate.leases')).toEqual([]);
  });

  it('works through PgBouncer, which gives each transaction to another session', async () => {
    const url = (await databases.create()).replace(/store_\d+$/, 'postgres');
    const pooler = await startPgBouncer({ server: databases.server.port, size: 2, mode: 'transaction' });
    const stores = await open(throughPort(url, pooler.port));
    try {
      await Promise.all(
        Array.from({ length: 20 }, (_each, index) => stores.connectors.put(`c${index}`, { id: `c${index}` })),
      );
      expect(await stores.connectors.load()).toHaveLength(20);
      await Promise.all(Array.from({ length: 10 }, () => stores.secrets.add(SECRET, seal)));
      await expect(stores.outcomes.begin(CLAIM)).resolves.toBeUndefined();
      await expect(stores.outcomes.begin(CLAIM)).resolves.toMatchObject({ status: 'running' });
    } finally {
      await stores.close();
      await pooler.close();
      await databases.server.sql('DROP SCHEMA automate CASCADE');
    }
  });

  it('lets a program end that has closed nothing', async () => {
    const url = await databases.create();
    const program = `
      const { openStores } = await import(process.argv[1]);
      const stores = await openStores({ dataDir: '', storeUrl: process.argv[2] });
      await stores.outcomes.begin({ connector: 'x', principal: 'local', key: 'k', action: 'do', payloadSha256: 'aa' });`;
    const entry = new URL('../../dist/store/open-stores.js', import.meta.url).href;
    const args = ['--input-type=module', '-e', program, entry, url];
    const child = spawn(process.execPath, args, { stdio: 'inherit', timeout: 60_000 });
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
