import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { Executions } from '../../dist/executions/executions.js';
import { openMasterKeys } from '../../dist/secrets/master-key.js';
import { sealTexts } from '../../dist/secrets/sealed-texts.js';
import { openStores } from '../../dist/store/open-stores.js';
import { describeEachStore } from '../fixtures/postgres-databases.ts';
import { withoutHost } from './fixtures/without-host.ts';

const PATIENCE_MS = 30_000;

describeEachStore('what a host leaves that was lost', (makePlace) => {
  it('is taken up by one that is never without work', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'busy-'));
    const place = { dataDir, ...(await makePlace()) };
    const [lost, stores] = [await openStores(place), await openStores(place)];
    const left = {
      ...{ id: 'left', connector: 'other', action: 'a', principal: 'local', scopes: ['admin'], priority: 0 },
      ...{ payload: Buffer.from('sealed'), payloadSha256: 'hash' },
    };
    await lost.executions.enqueue(left);
    // It gives no sign of life from now on.
    expect(await lost.executions.claim(1, { other: 1 })).toHaveLength(1);
    const executions = new Executions({
      ...withoutHost(),
      store: stores.executions,
      outcomes: stores.outcomes,
      sealer: sealTexts(openMasterKeys({ dataDir }), 'executions'),
      placesOf: () => ({
        concurrency: 8,
        retry: { attempts: 1, backoffMs: 1, maxBackoffMs: 1 },
        ttlMs: 60_000,
      }),
      isIdempotent: async () => false,
    });
    executions.open(async () => ({ result: '1', attempts: 1, durationMs: 1, replayed: false }), { serves: true });
    const until = performance.now() + PATIENCE_MS;
    let status: string | undefined;
    let runs = 0;
    const caller = async (): Promise<void> => {
      while (status !== 'unknown' && performance.now() < until) {
        await executions.startExecution({ id: 'c', action: 'a' });
        runs += 1;
        status = (await stores.executions.find('left'))?.status;
      }
    };
    await Promise.all(Array.from({ length: 16 }, caller));
    expect(status).toBe('unknown');
    expect(runs).toBeGreaterThan(100);
    await executions.close(1_000);
    await Promise.all([stores.close(), lost.close()]);
    rmSync(dataDir, { recursive: true });
  });
});
