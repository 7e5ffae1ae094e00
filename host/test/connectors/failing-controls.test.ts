import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from '@jest/globals';
import { count, ENTRY, openHost, source } from '../fixtures/counting-host.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

it('what cannot be kept is not set', async () => {
  await using host = await openHost(ENTRY);
  const database = new DatabaseSync(join(host.sandbox.root, '.automate', 'connectors.db'));
  database.exec("CREATE TRIGGER stuck BEFORE INSERT ON overlays BEGIN SELECT RAISE(ABORT, 'stuck'); END");
  database.close();
  for (const verb of ['pause', 'disable'] as const)
    await expect(host.service[verb]('one')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await expect(host.service.setLogLevel('one', 'debug')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  const { connector } = await host.service.get('one');
  expect([connector.pausedSince, connector.override, connector.logLevel]).toEqual([undefined, undefined, undefined]);
  await expect(count(host)).resolves.toMatchObject({ count: 1 });
});

it('a caller waits for a start no longer than it wants to', async () => {
  const connectLate = 'await new Promise((resolve) => setTimeout(resolve, 1_500)); return true;';
  await using host = await SandboxHost.open({
    serve: false,
    kinds: [],
    yaml: 'connectors: [{ id: late, kind: counting }, { id: off, kind: counting, enabled: false }]\n',
    prepare: async (sandbox) =>
      void (await sandbox.addConnector({ kind: 'counting', source: source({ connect: connectLate }) })),
  });
  for (const start of [
    host.service.restart('late', { timeoutMs: 200 }),
    host.service.enable('off', { timeoutMs: 200 }),
  ])
    await expect(start).rejects.toMatchObject({ code: 'TIMEOUT' });
});
