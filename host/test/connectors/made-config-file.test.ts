import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { ENTRY, source } from '../fixtures/counting-host.ts';
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
