import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@automate/tooling/eventually';
import { isOnPath } from '@automate/tooling/require-service';
import { expect, it } from '@jest/globals';
import { startPgBouncer } from '../../../plugins/postgres/test/start-pgbouncer.ts';
import { Executions } from '../../dist/executions/executions.js';
import { openMasterKeys } from '../../dist/secrets/master-key.js';
import { sealTexts } from '../../dist/secrets/sealed-texts.js';
import { openStores } from '../../dist/store/open-stores.js';
import type { SharedPart, Stores } from '../../dist/store/stores.js';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { withoutHost } from '../executions/fixtures/without-host.ts';

/** So that nothing is found out by asking. */
const HOUR = 3_600_000;
const LISTENING = `SELECT pid FROM pg_stat_activity WHERE query ~ '^(LISTEN|SELECT 1$)' AND datname = current_database()`;
const CONNECTED = `SELECT pid FROM pg_stat_activity WHERE application_name = 'automate' AND datname = current_database()`;

const open = (storeUrl: string, pollMs?: number): Promise<Stores> =>
  openStores({ dataDir: '', storeUrl, ...(pollMs === undefined ? {} : { pollMs }) });

/** What a host hears from now on. */
function heardBy(stores: Stores): SharedPart[] {
  const heard: SharedPart[] = [];
  stores.follow?.(async (parts) => void heard.push(...parts));
  return heard;
}

describeWithPostgres('what another host has changed', (databases) => {
  it('is heard of at once, also after the connection broke by which it is, which leaves none behind', async () => {
    const url = await databases.create();
    const [one, other] = [await open(url, HOUR), await open(url, HOUR)];
    try {
      const [heard, own] = [heardBy(one), heardBy(other)];
      await eventually(async () => (await databases.sql(url, LISTENING)).length === 2);
      // Notices that came before it listened are not heard: it looks then.
      await other.connectors.put('x', { id: 'x' });
      await eventually(() => heard.includes('registry'));
      await other.tokens.add({
        id: 't',
        name: 't',
        scopes: [],
        hash: Buffer.from('h'),
        createdAt: new Date().toISOString(),
      });
      await eventually(() => heard.includes('tokens'));
      other.executions.offer?.();
      await eventually(() => heard.includes('executions'));
      expect(own.filter((part) => part !== 'executions')).toEqual([]);
      for (let round = 0; round < 3; round += 1) {
        heard.length = 0;
        await databases.sql(url, LISTENING.replace('pid', 'pg_terminate_backend(pid)'));
        await eventually(async () => (await databases.sql(url, LISTENING)).length === 2);
        await other.connectors.put(`y${round}`, { id: `y${round}` });
        await eventually(() => heard.includes('registry'));
      }
      // Four, one by which it listens, and one by which it would say that it lives, for each.
      expect((await databases.sql(url, CONNECTED)).length).toBeLessThanOrEqual(12);
    } finally {
      await Promise.all([one.close(), other.close()]);
    }
    await eventually(async () => (await databases.sql(url, CONNECTED)).length === 0);
  });

  it('is run by the host that has a place for it', async () => {
    const url = await databases.create();
    const dataDir = mkdtempSync(join(tmpdir(), 'heard-'));
    const sealer = sealTexts(openMasterKeys({ dataDir }), 'executions');
    const hosts = await Promise.all(
      [0, 1].map(async (concurrency) => {
        const stores = await open(url, HOUR);
        const executions = new Executions({
          ...withoutHost(),
          store: stores.executions,
          outcomes: stores.outcomes,
          sealer,
          placesOf: () => ({ concurrency, retry: { attempts: 1, backoffMs: 1, maxBackoffMs: 1 }, ttlMs: HOUR }),
          isIdempotent: async () => true,
        });
        executions.open(async () => ({ result: '"done"', attempts: 1, durationMs: 1, replayed: false }), {
          serves: true,
        });
        stores.follow?.(async (parts) => (parts.has('executions') ? executions.wake() : undefined));
        return { stores, executions };
      }),
    );
    try {
      await eventually(async () => (await databases.sql(url, LISTENING)).length === 2);
      const [full, free] = hosts;
      const now = await full?.executions.startExecution({ id: 'c', action: 'a' });
      const soon = await full?.executions.startExecution({
        id: 'c',
        action: 'a',
        runAt: new Date(Date.now() + 1_500).toISOString(),
      });
      for (const { id = '' } of [now ?? {}, soon ?? {}])
        await eventually(async () => (await free?.executions.getExecution(id))?.status === 'succeeded');
    } finally {
      for (const { stores, executions } of hosts) {
        await executions.close(0);
        await stores.close();
      }
      rmSync(dataDir, { recursive: true });
    }
  });

  it('is asked for where nobody tells: what is due, and what another host left', async () => {
    const url = await databases.create();
    const dataDir = mkdtempSync(join(tmpdir(), 'asked-'));
    const [idle, leaving] = [await open(url, 0), await open(url, HOUR)];
    let concurrency = 0;
    const executions = new Executions({
      ...withoutHost(),
      store: idle.executions,
      outcomes: idle.outcomes,
      sealer: sealTexts(openMasterKeys({ dataDir }), 'executions'),
      placesOf: () => ({ concurrency, retry: { attempts: 1, backoffMs: 1, maxBackoffMs: 1 }, ttlMs: HOUR }),
      isIdempotent: async () => false,
    });
    executions.open(async () => ({ result: '"done"', attempts: 1, durationMs: 1, replayed: false }), { serves: true });
    idle.follow?.(async (parts) => (parts.has('executions') ? executions.wake() : undefined));
    try {
      const add = async (id: string, more: object = {}) =>
        leaving.executions.enqueue({
          ...{ id, connector: 'c', action: 'a', principal: 'local', scopes: ['admin'], priority: 0 },
          ...{ payload: Buffer.from('sealed by nobody'), payloadSha256: 'hash', ...more },
        });
      await add('left');
      expect(await leaving.executions.claim(1, { c: 1 })).toHaveLength(1);
      const statusOf = async (id: string) => (await idle.executions.find(id))?.status;
      await leaving.close();
      await eventually(async () => (await statusOf('left')) === 'unknown');
      concurrency = 1;
      const dueAt = Date.now() + 1_000;
      await databases.sql(
        url,
        `INSERT INTO automate.executions (id, connector, action, principal, scopes, payload_sha256, priority, status, due_at, token, attempts, cancelling, created_at, payload)
         SELECT 'due', connector, action, principal, scopes, payload_sha256, priority, 'queued', ${dueAt}, 0, 0, 0, created_at, payload FROM automate.executions`,
      );
      // Nobody can open what it carries.
      await eventually(async () => (await statusOf('due')) === 'failed');
    } finally {
      await executions.close(0);
      await Promise.all([idle.close(), leaving.close()]);
      rmSync(dataDir, { recursive: true });
    }
  });

  for (const mode of isOnPath('pgbouncer') ? (['session', 'transaction'] as const) : [])
    it(`is found out through PgBouncer, which gives sessions by the ${mode}`, async () => {
      const url = (await databases.create()).replace(/store_\d+$/, 'postgres');
      const pooler = await startPgBouncer({ server: databases.server.port, size: mode === 'session' ? 20 : 3, mode });
      const through = url.replace(String(databases.server.port), String(pooler.port));
      // Where it cannot be heard of it is asked for.
      const pollMs = mode === 'session' ? HOUR : 0;
      const [one, other] = [await open(through, pollMs), await open(through, pollMs)];
      try {
        const heard = heardBy(one);
        await other.connectors.put('x', { id: 'x' });
        await eventually(() => heard.includes('registry'));
        heard.length = 0;
        for (let index = 0; index < 20; index += 1) await other.connectors.put('x', { id: `x${index}` });
        await eventually(() => heard.includes('registry'));
        expect(await one.connectors.load()).toMatchObject([{ id: 'x' }]);
      } finally {
        await Promise.all([one.close(), other.close()]);
        await pooler.close();
        await databases.server.sql('DROP SCHEMA automate CASCADE');
      }
    });
});
