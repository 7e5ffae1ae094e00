import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { openStores } from '../../dist/store/open-stores.js';
import type { Stores } from '../../dist/store/stores.js';
import { startPgBouncer } from '../../../plugins/postgres/test/start-pgbouncer.ts';
import { describeWithPostgres, PASSWORD } from '../fixtures/postgres-databases.ts';
import { startCuttingProxy } from './fixtures/cutting-proxy.ts';

const HOST = join(import.meta.dirname, 'fixtures', 'begin-and-wait.mjs');
const PLACE = { connector: 'x', principal: 'local', key: 'k' };
const CLAIM = { ...PLACE, action: 'do', payloadSha256: 'aa' };
const SECRET = { namespace: 'n', name: 'token' };
const seal = (version: number) => ({ keyId: 'k', dataKey: Buffer.from([version]), sealed: Buffer.from([version]) });

const open = (storeUrl: string): Promise<Stores> => openStores({ dataDir: '', storeUrl });
const throughPort = (url: string, port: number): string => {
  const other = new URL(url);
  other.port = String(port);
  return other.href;
};

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

  it.each(['arrives', 'is lost'] as const)('does once what it never heard the end of: COMMIT %s', async (fate) => {
    const url = await databases.create();
    await using proxy = await startCuttingProxy(databases.server.port);
    const stores = await open(throughPort(url, proxy.port));
    for (const version of [1, 2]) {
      proxy.cutAt('COMMIT', fate);
      await expect(stores.secrets.add(SECRET, seal)).resolves.toBe(version);
    }
    proxy.cutAt('COMMIT', fate);
    await expect(stores.connectors.put('x', { id: 'x' }, 'absent')).resolves.toBe(true);
    proxy.cutAt('COMMIT', fate);
    await expect(stores.outcomes.begin(CLAIM)).resolves.toBeUndefined();
    expect(proxy.cuts).toBe(4);
    expect((await stores.secrets.list()).map(({ version }) => version)).toEqual([1, 2]);
    await stores.close();
  });

  it('waits for a COMMIT that it never heard the end of and that is still under way', async () => {
    const url = await databases.create();
    await using proxy = await startCuttingProxy(databases.server.port);
    const stores = await open(throughPort(url, proxy.port));
    const waitForStandby = async (name: string) => {
      await databases.server.sql(`ALTER SYSTEM SET synchronous_standby_names = '${name}'`);
      await databases.server.sql('SELECT pg_reload_conf()');
    };
    const asked = `SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_xact_status%' AND state = 'idle'`;
    await waitForStandby('absent');
    try {
      proxy.cutAt('COMMIT', 'is under way');
      const put = stores.connectors.put('x', { id: 'x' }, 'absent');
      await eventually(async () => (await databases.sql(url, asked)).length > 0);
      await waitForStandby('');
      await expect(put).resolves.toBe(true);
    } finally {
      await waitForStandby('');
      await stores.close();
    }
  });

  it.each([
    // What the server had not written down before it crashed may have its number given to another transaction afterwards.
    ['arrives', 'the server crashes', 'maybe'],
    ['arrives', 'it cannot be reached', 'maybe'],
    ['is lost', 'the server crashes', 'done'],
  ] as const)('tells what it cannot know of a COMMIT: it %s, and then %s', async (fate, what, outcome) => {
    const url = await databases.create();
    await using proxy = await startCuttingProxy(databases.server.port);
    const stores = await open(throughPort(url, proxy.port));
    const settled = Promise.withResolvers<void>();
    proxy.cutAt('COMMIT', fate, async () => {
      if (what === 'the server crashes') await crash();
      else await settled.promise;
    });
    const put = stores.connectors.put('x', { id: 'x' }, 'absent').finally(settled.resolve);
    if (outcome === 'done') await expect(put).resolves.toBe(true);
    else
      await expect(put).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        effect: 'maybe',
        details: { reason: 'store_lost' },
        message: expect.stringContaining('whether it was done all the same is not known'),
      });
    expect(proxy.cuts).toBe(1);
    expect((await stores.connectors.load()).map(({ id }) => id)).toEqual(['x']);
    await stores.close();
  });

  /** Has all of the server's processes end, as they share their memory with one that was killed, and come up again. */
  async function crash(): Promise<void> {
    const { server } = databases;
    // So that all that was written until now is there afterwards.
    await server.sql('CHECKPOINT');
    const find = async () =>
      (await server.sql(`SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'`))[0]?.['pid'];
    const victim = await find();
    process.kill(Number(victim), 'SIGKILL');
    await eventually(async () =>
      find().then(
        (pid) => pid !== undefined && pid !== victim,
        () => false,
      ),
    );
  }

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

  it('says so where nothing answers, and writes the ends of calls down later that it could not write when they came', async () => {
    const url = await databases.create();
    const stores = await open(url);
    await stores.outcomes.begin(CLAIM);
    await databases.server.stop('SIGQUIT');
    const end = { status: 'succeeded', attempts: 1, text: '1', expiresAt: Date.now() + 600_000 } as const;
    const lost = {
      code: 'UNAVAILABLE',
      retryable: true,
      details: { reason: 'store_lost' },
      message: expect.stringContaining('does not answer'),
    };
    const ending = stores.outcomes.end(PLACE, end);
    await Promise.all([expect(ending).rejects.toMatchObject(lost), expect(open(url)).rejects.toMatchObject(lost)]);
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
