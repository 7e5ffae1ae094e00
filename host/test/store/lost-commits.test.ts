import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { setTimeout as delay } from 'node:timers/promises';
import { openStores } from '../../dist/store/open-stores.js';
import type { HostRow } from '../../dist/store/placement-store.js';
import type { Stores } from '../../dist/store/stores.js';
import { startPostgres } from '../../../plugins/postgres/test/start-postgres.ts';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { startCuttingProxy, throughPort } from './fixtures/cutting-proxy.ts';

const CLAIM = { connector: 'x', principal: 'local', key: 'k', action: 'do', payloadSha256: 'aa' };
const SECRET = { namespace: 'n', name: 'token' };
const seal = (version: number) => ({ keyId: 'k', dataKey: Buffer.from([version]), sealed: Buffer.from([version]) });
const HOST_ROW: HostRow = {
  ...{ id: 'host', instance: 'one', name: 'host', version: '1.0.0', address: 'host:1', labels: [], pid: 1, digest: '' },
  ...{ held: 0, load: 0, memoryBytes: 0, memoryLimitBytes: 0, memoryFreeBytes: 0, isLeaving: false },
};

/** Of what may have been done. */
const NOT_KNOWN = { code: 'UNAVAILABLE', effect: 'maybe', details: { reason: 'store_lost' } };

/** Takes numbers of transactions. */
const NUMBERS = 'BEGIN; SELECT pg_current_xact_id(); COMMIT;'.repeat(300);

const open = (storeUrl: string): Promise<Stores> => openStores({ dataDir: '', storeUrl });

describeWithPostgres('a COMMIT of which a host never heard the end', (databases) => {
  it.each(['arrives', 'is lost'] as const)('does once what it asked for: it %s', async (fate) => {
    const url = await databases.create();
    await using proxy = await startCuttingProxy(databases.server.port);
    const stores = await open(throughPort(url, proxy.port));
    for (const version of [1, 2]) {
      proxy.cutCommit('secrets', fate);
      await expect(stores.secrets.add(SECRET, seal)).resolves.toBe(version);
    }
    proxy.cutCommit('connectors', fate);
    await expect(stores.connectors.put('x', { id: 'x' }, 'absent')).resolves.toBe(true);
    proxy.cutCommit('outcomes', fate);
    await expect(stores.outcomes.begin(CLAIM)).resolves.toBeUndefined();
    proxy.cutCommit('connectors', fate);
    await expect(stores.connectors.load()).resolves.toHaveLength(1);
    expect(proxy.cuts).toBe(5);
    expect((await stores.secrets.list()).map(({ version }) => version)).toEqual([1, 2]);
    await stores.close();
  });

  it('is waited for where it is still under way', async () => {
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
      proxy.cutCommit('connectors', 'is under way');
      const put = stores.connectors.put('x', { id: 'x' }, 'absent');
      await eventually(async () => (await databases.sql(url, asked)).length > 0);
      await waitForStandby('');
      await expect(put).resolves.toBe(true);
    } finally {
      await waitForStandby('');
      await stores.close();
    }
  });

  it('leaves a call with a key as its caller was told that it ended, also where others have given it up meanwhile', async () => {
    const url = await databases.create();
    await using proxy = await startCuttingProxy(databases.server.port);
    const [cut, other] = [await open(throughPort(url, proxy.port)), await open(url)];
    const claim = (key: string) => ({ ...CLAIM, key });
    const [told, dropped, slept] = [claim('told'), claim('dropped'), claim('slept')];
    for (const each of [told, dropped, slept]) await cut.outcomes.begin(each);
    const away = Promise.withResolvers<void>();
    proxy.cutCommit('connectors', 'is lost', () => away.promise);
    const lost = cut.connectors.put('x', { id: 'x' }).catch(() => undefined);
    const end = { status: 'succeeded', attempts: 1, text: '1', expiresAt: Date.now() + 60_000 } as const;
    await eventually(() => proxy.cuts === 1);
    const ending = [cut.outcomes.end(told, end), cut.outcomes.end(dropped, 'nothing')];
    for (const each of ending) await expect(each).rejects.toMatchObject({ details: { reason: 'store_lost' } });
    const statusOf = async (asked: typeof CLAIM) => (await other.outcomes.find(asked))?.status;
    for (const each of [told, dropped, slept])
      await eventually(
        () => statusOf(each),
        (status) => status === 'unknown',
      );
    away.resolve();
    await lost;
    await eventually(
      () => statusOf(told),
      (status) => status === 'succeeded',
    );
    await eventually(
      () => statusOf(dropped),
      (status) => status === undefined,
    );
    // Nobody was told of that one's end: it came too late.
    await expect(cut.outcomes.end(slept, end)).resolves.toMatchObject({ status: 'unknown' });
    expect(await statusOf(slept)).toBe('unknown');
    await Promise.all([cut.close(), other.close()]);
  });

  it('does not keep others from what it was to change, where its host hangs', async () => {
    const url = await databases.create();
    await using proxy = await startCuttingProxy(databases.server.port);
    const [hanging, other] = [await open(throughPort(url, proxy.port)), await open(url)];
    await other.connectors.put('x', { id: 'x' });
    proxy.cutCommit('connectors', 'lies there');
    const late = hanging.connectors.put('x', { id: 'x', late: true });
    await eventually(() => proxy.cuts === 1);
    await other.connectors.put('x', { id: 'x', late: false });
    await late;
    expect(await other.connectors.load()).toEqual([expect.objectContaining({ config: { id: 'x', late: true } })]);
    await Promise.all([hanging.close(), other.close()]);
  });

  it.each([
    ['takes no changes any more', 'SET default_transaction_read_only = on', 'nothing'],
    ['lets nobody in for a while', 'ALLOW_CONNECTIONS false', 'done'],
  ])('is known not to have come to a server that then %s', async (_what, change, outcome) => {
    const url = await databases.create();
    const name = new URL(url).pathname.slice(1);
    await using proxy = await startCuttingProxy(databases.server.port);
    const stores = await open(throughPort(url, proxy.port));
    proxy.cutCommit('connectors', 'is lost', async () => {
      await databases.server.sql(`ALTER DATABASE ${name} ${change}`);
    });
    const put = stores.connectors.put('x', { id: 'x' }, 'absent');
    if (outcome === 'nothing')
      await expect(put).rejects.toMatchObject({ effect: 'none', message: expect.stringContaining('takes no changes') });
    else {
      await delay(1_000);
      await databases.server.sql(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
      await expect(put).resolves.toBe(true);
    }
    await stores.close();
  });

  it.each([
    // What the server had not written down before it crashed may have its number given to another transaction afterwards.
    ['arrives', 'maybe'],
    ['is lost', 'done'],
  ] as const)('is told of as far as that can be known: it %s before the server crashes', async (fate, outcome) => {
    const url = await databases.create();
    await using proxy = await startCuttingProxy(databases.server.port);
    const stores = await open(throughPort(url, proxy.port));
    proxy.cutCommit('connectors', fate, crash);
    const put = stores.connectors.put('x', { id: 'x' }, 'absent');
    if (outcome === 'done') await expect(put).resolves.toBe(true);
    else
      await expect(put).rejects.toMatchObject({
        ...NOT_KNOWN,
        message: expect.stringContaining('whether it was done all the same is not known'),
      });
    expect(proxy.cuts).toBe(1);
    expect((await stores.connectors.load()).map(({ id }) => id)).toEqual(['x']);
    await stores.close();
  });

  it.each([
    ['has yet to give its number to another one', 'done'],
    ['has given its number to another one', 'maybe'],
  ] as const)(
    'is told of as far as that can be known: its server is lost, and the standby that takes its place %s; all that this one has of placements is heard',
    async (_what, outcome) => {
      const url = await databases.create();
      await using proxy = await startCuttingProxy(databases.server.port);
      const stores = await open(throughPort(url, proxy.port));
      const beat = async (seen?: string) => {
        const options = { first: seen === undefined, plugins: undefined, seen, knownSets: [], onSend: () => undefined };
        return (await stores.placements?.beat(HOST_ROW, options)) ?? { placements: [], seen: '' };
      };
      await beat();
      await stores.placements?.take('placed', HOST_ROW);
      const standby = await startPostgres({ standbyOf: databases.server.port });
      try {
        // It hears nothing more of what the server does.
        await standby.sql(`ALTER SYSTEM SET primary_conninfo = ''`);
        await standby.sql('SELECT pg_reload_conf()');
        await eventually(async () => (await standby.sql('SELECT FROM pg_stat_wal_receiver')).length === 0);
        await stores.placements?.release('placed', HOST_ROW.id);
        if (outcome === 'done') await databases.server.sql(NUMBERS);
        const { seen } = await beat();
        proxy.cutCommit('connectors', 'is lost', async () => {
          await databases.server.stop('SIGQUIT');
          proxy.move(standby.port);
          await standby.sql('SELECT pg_promote()');
          if (outcome === 'maybe') await standby.sql(NUMBERS);
        });
        const put = stores.connectors.put('x', { id: 'x' }, 'absent');
        if (outcome === 'done') await expect(put).resolves.toBe(true);
        else await expect(put).rejects.toMatchObject(NOT_KNOWN);
        expect((await stores.connectors.load()).map(({ id }) => id)).toEqual(outcome === 'done' ? ['x'] : []);
        expect((await beat(seen)).placements).toEqual([
          expect.objectContaining({ connector: 'placed', host: HOST_ROW.id }),
        ]);
      } finally {
        await stores.close();
        await standby.close();
        await databases.server.restart();
      }
    },
  );

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
});
