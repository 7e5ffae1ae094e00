import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { createHost } from '../../dist/create-host.js';
import { count, ENTRY, openHost } from '../fixtures/counting-host.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

/** Notes in a file of its own what is done with it. */
const NOTING = `
import { appendFileSync } from 'node:fs';
import { ConnectorAdapter } from '@automate/sdk';
export default class Noting extends ConnectorAdapter {
  name = 'noting';
  version = '1.0.0';
  #note(what) { appendFileSync(this.context.settings.file, what + '\\n'); }
  async connect() { this.#note('connected'); return true; }
  async healthCheck() { return { status: 'healthy', message: 'well' }; }
  async close() { this.#note('closed'); }
}
`;

it('a configuration that is tested connects once, in a worker that is closed', async () => {
  await using host = await SandboxHost.open({
    kinds: [],
    yaml: 'connectors: []\n',
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'noting', source: NOTING })),
  });
  const file = join(host.sandbox.root, 'noted');
  await expect(host.service.test({ id: 'new', kind: 'noting', settings: { file } })).resolves.toMatchObject({
    success: true,
  });
  await eventually(async () => (await readFile(file, 'utf8')).includes('closed'));
  expect(await readFile(file, 'utf8')).toBe('connected\nclosed\n');
});

it('what was set of a connector of the file goes with it, for good', async () => {
  const both = `${ENTRY}  - { id: two, kind: counting }\n`;
  let host = await openHost(both);
  try {
    await host.service.pause('two');
    await host.writeConfig(ENTRY);
    await expect(host.host.reload()).resolves.toMatchObject({ removed: ['two'] });
    host = await host.restart();
    await host.writeConfig(both);
    await expect(host.host.reload()).resolves.toMatchObject({ added: ['two'] });
    await expect(count(host, 'two')).resolves.toMatchObject({ count: 1 });
  } finally {
    await host[Symbol.asyncDispose]();
  }
});

it('beside a host that serves, nothing is set of a connector that it would not know of', async () => {
  await using host = await openHost(ENTRY, true);
  await using beside = await createHost({
    cwd: host.sandbox.root,
    env: {},
    flags: { logLevel: 'fatal' },
    logTo: process.stderr,
    serve: false,
  });
  for (const verb of ['pause', 'disable'] as const)
    await expect(beside.service[verb]('one')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await expect(beside.service.setLogLevel('one', 'debug')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await expect(count(host)).resolves.toMatchObject({ count: 1 });
});

it('an export has no row whose secrets may be in clear, and none that cannot be read', async () => {
  await using host = await openHost('connectors: []\n', true);
  await host.service.register({ id: 'mine', kind: 'counting' });
  await host.service.setProfile({ name: 'shared', kind: 'counting' });
  const database = new DatabaseSync(join(host.sandbox.root, '.automate', 'connectors.db'));
  database.exec(`INSERT INTO connectors (id, config, updated_at, sealed)
    VALUES ('older', '{"id":"older","kind":"counting","settings":{"token":"canary-in-clear"}}', '2026-01-01T00:00:00.000Z', 0);
    INSERT INTO profiles VALUES ('broken', '"canary-in-clear"', '2026-01-01T00:00:00.000Z')`);
  database.close();
  const exported = await host.service.exportConfig();
  expect(exported).toMatchObject({ connectors: ['mine'], profiles: ['shared'] });
  expect(exported.yaml).not.toContain('canary');
});
