import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { count, openHost, release, source } from '../fixtures/counting-host.ts';
import { until } from '../runtime/support.ts';

it('a new version is tried out again where the connector turned out to be well while it was only loaded', async () => {
  await using it = await openHost();
  // Makes a snapshot of the old version, and tells nothing of how the connector is.
  await it.service.describe('one');
  const [began, gate] = [join(it.sandbox.root, 'began'), join(it.sandbox.root, 'gate')];
  // Of a connector that nothing is known of, the new version has only to load.
  const waiting = `
    import { existsSync, writeFileSync } from 'node:fs';
    writeFileSync(${JSON.stringify(began)}, '');
    while (!existsSync(${JSON.stringify(gate)})) await new Promise((resolve) => setTimeout(resolve, 5));`;
  await release(it, { version: '2.0.0', source: source({ atImport: waiting, connect: "throw new Error('no way');" }) });
  const scanned = it.service.rescanPlugins();
  await until('it is being loaded', () => existsSync(began));
  await it.service.healthCheck('one');
  await it.sandbox.writeFile('gate', '');
  await expect(scanned).resolves.toMatchObject({ plugins: [{ status: 'held_back' }] });
  expect(await count(it)).toEqual({ count: 1, word: 'kept' });
});
