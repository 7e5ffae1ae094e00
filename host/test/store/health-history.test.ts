import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import type { HealthFinding } from '@automate/contract';
import { openStores } from '../../dist/store/open-stores.js';
import { describeEachStore } from '../fixtures/postgres-databases.ts';

describeEachStore('how connectors were', (makePlace) => {
  it('is given back, the last findings of each by whichever host, and forgotten of those that are gone', async () => {
    const place = { dataDir: mkdtempSync(join(tmpdir(), 'automate-stores-')), ...(await makePlace()) };
    let stores = await openStores(place);
    const found = (index: number): HealthFinding => ({
      at: new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString(),
      status: index % 2 === 0 ? 'healthy' : 'unhealthy',
      message: `"${index}" \u0000 😀 \ud800`,
      ...(index % 2 === 0 ? {} : { blame: 'remote' }),
      responseTimeMs: index,
      by: 'check',
    });
    const kept = (connector: string, host: string, index: number) => ({ connector, host, finding: found(index) });
    expect(await stores.health.list('x')).toEqual([]);
    await stores.health.add(Array.from({ length: 200 }, (_each, index) => kept('x', 'a', index)));
    await stores.health.add([
      kept('y', 'a', 1),
      ...Array.from({ length: 100 }, (_, index) => kept('x', 'b', 200 + index)),
    ]);
    await stores.close();
    stores = await openStores(place);
    const again = stores.health;
    const last = await again.list('x');
    expect(last).toHaveLength(240);
    expect([last[0], last.at(-1)]).toEqual([kept('x', 'a', 60), kept('x', 'b', 299)]);
    const long = { ...found(300), message: 'long '.repeat(1_000_000) };
    await again.add([{ connector: 'y', host: 'b', finding: long }]);
    expect((await again.list('y')).map(({ finding }) => finding.message.length < 3_000)).toEqual([true, true]);
    await again.forget('x');
    expect([await again.list('x'), await again.list('y')]).toMatchObject([[], [{ host: 'a' }, { host: 'b' }]]);
    await stores.close();
    rmSync(place.dataDir, { recursive: true, force: true });
  });
});
