import { chmodSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { count, entry, ENTRY, openHost, source } from '../fixtures/counting-host.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

describe('a host that has no configuration file', () => {
  it('is given one, and notices from then on what becomes of it', async () => {
    await using host = await SandboxHost.open({
      kinds: [],
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'counting', source: source() })),
    });
    await host.service.applyConfig({ yaml: ENTRY });
    expect(await readFile(join(host.sandbox.root, 'config', 'connectors.yaml'), 'utf8')).toBe(ENTRY);
    await host.writeConfig(`${ENTRY}  - { id: two, kind: counting }\n`);
    await eventually(async () => (await host.service.list()).length === 2);
  });

  it('notices one that somebody else makes', async () => {
    await using host = await SandboxHost.open({
      kinds: [],
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'counting', source: source() })),
    });
    await host.writeConfig(ENTRY);
    await eventually(async () => (await host.service.list()).length === 1);
  });
});

describe('a configuration file', () => {
  it('that cannot be written leaves everything as it was', async () => {
    await using host = await openHost(ENTRY, true);
    await host.service.healthCheck('one');
    const directory = join(host.sandbox.root, 'config');
    const before = join(host.sandbox.root, '.automate/connectors.before-apply.yaml');
    // Root may write everywhere: what stands in the way has to be a directory.
    const isRoot = process.getuid?.() === 0;
    await rm(before, { force: true });
    if (isRoot) await host.sandbox.writeFile('.automate/connectors.before-apply.yaml/in-the-way', '');
    else chmodSync(directory, 0o500);
    await expect(host.service.applyConfig({ yaml: entry(', more: 2') })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/cannot be written .*everything is as it was/),
      details: { reason: 'storage_read_only', file: isRoot ? before : join(directory, 'connectors.yaml') },
    });
    expect(await count(host)).toMatchObject({ word: 'kept' });
    await expect(host.service.planConfig()).resolves.toMatchObject({ connectors: [], unchanged: 1 });
    chmodSync(directory, 0o700);
    await rm(before, { recursive: true, force: true });
  });
});
