import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { eventually } from '@automate/tooling/eventually';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { ExecutionStore, NewExecution } from '../../../dist/store/execution-store.js';
import { openStores } from '../../../dist/store/open-stores.js';
import type { Stores } from '../../../dist/store/stores.js';
import { describeWithPostgres } from '../../fixtures/postgres-databases.ts';
import { describeExecutionStore } from './describe-execution-store.ts';

describeWithPostgres('a database that hosts share', (databases) => {
  describeExecutionStore('PostgreSQL', {
    module: fileURLToPath(new URL('fixtures/open-postgres-executions.mjs', import.meta.url)),
    name: 'openPostgresExecutions',
    // Each host connects anew, and migrates nothing.
    kills: 40,
    makePlace: () => databases.create(),
    open: async (storeUrl): Promise<ExecutionStore> => {
      const { executions, close } = await openStores({ dataDir: '', storeUrl });
      return { ...executions, close };
    },
  });

  describe('of claims', () => {
    let url: string;
    let one: Stores;
    let other: Stores;
    beforeEach(async () => {
      url = await databases.create();
      [one, other] = (await Promise.all([1, 2].map(() => openStores({ dataDir: '', storeUrl: url })))) as [
        Stores,
        Stores,
      ];
    });
    afterEach(() => Promise.all([one.close(), other.close()]));
    const add = async (more: Partial<NewExecution> = {}): Promise<string> => {
      const { execution } = await one.executions.enqueue({
        ...{ id: randomUUID(), connector: 'c', action: 'a', principal: 'p', scopes: [], priority: 0 },
        ...{ payload: Buffer.from('x'), payloadSha256: 'x', ...more },
      });
      return execution.id;
    };
    /** Does `meanwhile` while `statement` is done and not committed yet. */
    const holding = async (statement: string, meanwhile: () => Promise<void>): Promise<void> => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query(`BEGIN; ${statement}`);
      await meanwhile();
      await client.query('COMMIT');
      await client.end();
    };
    const waiters = async (): Promise<number> =>
      (
        await databases.sql(
          url,
          "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
      ).length;

    it('of several hosts at one moment none takes a place that another one has taken', async () => {
      const id = await add();
      const claims: Promise<readonly unknown[]>[] = [];
      await holding(`SELECT FROM automate.executions WHERE id = '${id}' FOR UPDATE`, async () => {
        claims.push(one.executions.claim(5, { c: 1 }));
        await eventually(async () => (await waiters()) === 1);
        await add({ priority: 9 });
        claims.push(other.executions.claim(5, { c: 1 }));
        await eventually(async () => (await waiters()) === 2);
      });
      expect((await Promise.all(claims)).map((claimed) => claimed.length)).toEqual([1, 0]);
    });

    it('a key is of whoever comes first, large or small', async () => {
      for (const bytes of [1, 50_000]) {
        const row = `'theirs ${bytes}', 'c', 'a', 'p', '[]', 'k ${bytes}', 'x', 0, 'queued', 0, 0, 0, 0`;
        const columns =
          'id, connector, action, principal, scopes, key, payload_sha256, priority, status, token, attempts, cancelling, created_at';
        let adding: Promise<string> | undefined;
        await holding(`INSERT INTO automate.executions (${columns}) VALUES (${row})`, async () => {
          adding = add({ key: `k ${bytes}`, payload: Buffer.alloc(bytes) });
          await eventually(async () => (await waiters()) === 1);
        });
        expect(await adding).toBe(`theirs ${bytes}`);
      }
    });

    it('none takes what is cancelled at the same moment', async () => {
      const id = await add();
      let claiming: Promise<readonly unknown[]> | undefined;
      await holding(`UPDATE automate.executions SET status = 'cancelled' WHERE id = '${id}'`, async () => {
        claiming = one.executions.claim(5, { c: 1 });
        await eventually(async () => (await waiters()) === 1);
      });
      expect(await claiming).toEqual([]);
      expect(await one.executions.find(id)).toMatchObject({ status: 'cancelled' });
    });

    it('and callbacks none waits until a clock comes there again that was set back', async () => {
      const id = await add({ callbackUrl: Buffer.from('u') });
      const [claimed] = await one.executions.claim(1, { c: 1 });
      if (claimed === undefined) throw new Error('nothing was claimed');
      await one.executions.requeue(claimed, { afterMs: 60_000, counts: true });
      expect(await one.executions.claim(1, { c: 1 })).toEqual([]);
      const before = (column: string): string => `${column} = ${column} + 7200001`;
      await databases.sql(url, `UPDATE automate.executions SET ${before('due_at')}, ${before('due_since')}`);
      const [again] = await one.executions.claim(1, { c: 1 });
      expect(again).toMatchObject({ id });
      await one.executions.finish(again ?? claimed, { status: 'failed', expiresAt: Date.now() + 60_000 });
      expect((await one.executions.claimCallbacks(1)).due).toHaveLength(1);
      expect((await one.executions.claimCallbacks(1)).due).toEqual([]);
      await databases.sql(url, `UPDATE automate.executions SET ${before('callback_at')}`);
      expect((await one.executions.claimCallbacks(1)).due).toHaveLength(1);
    });
  });
});
