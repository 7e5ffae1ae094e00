import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

it('trouble is told since it began, though nobody asked until now, and what makes most of a sort first', async () => {
  await using host = await SandboxHost.open({
    kinds: [],
    yaml: `connectors:
  - { id: a-little, kind: troubled, settings: { how: spin, share: 0.2 } }
  - { id: much, kind: troubled, settings: { how: spin, share: 0.7 } }
`,
    env: { HEALTH_INTERVAL: '500h' },
    sampleMs: 250,
    prepare: async (sandbox) => {
      const source = await readFile(join(import.meta.dirname, '../fixtures/connectors/troubled.js'), 'utf8');
      await sandbox.addConnector({ kind: 'troubled', source });
    },
  });
  await host.service.healthCheckAll();
  await eventually(async () => {
    const { connectors } = await host.service.getStats();
    return connectors.every(({ worker }) => (worker?.loopUtilization ?? 0) > 0.12);
  });
  // At least one look more, at which it is found.
  await delay(1_000);
  const asked = Date.now();
  const found = (await host.service.blame()).entries.filter(({ fault }) => fault === 'cpu');
  expect(found.map(({ connector }) => connector)).toEqual(['much', 'a-little']);
  for (const { since } of found) expect(Date.parse(since)).toBeLessThan(asked - 200);
});
