import { expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { SWITCHED } from '../fixtures/switched.ts';

it('takes a new configuration that is no worse off than the old one by now', async () => {
  await using it = await SandboxHost.open({
    kinds: [],
    serve: false,
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'switched', source: SWITCHED })),
  });
  const down = `${it.sandbox.root}/down`;
  const configured = (word: string) => ({ id: 'line', kind: 'switched', settings: { down, word } });
  await it.service.register(configured('before'));
  await expect(it.service.healthCheck('line')).resolves.toMatchObject({ healthy: true });
  await it.sandbox.writeFile('down', '');
  await it.service.update(configured('after'));
  await expect(it.service.execute({ id: 'line', action: 'ask' })).resolves.toMatchObject({ result: 'after' });
});
