import { expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

/** Is down as long as there is the file of its settings. */
const SWITCHED = `
import { existsSync } from 'node:fs';
import { ConnectorAdapter, TransientNetworkError } from '@automate/sdk';
export default class Switched extends ConnectorAdapter {
  name = 'switched';
  version = '1.0.0';
  async connect() { return true; }
  async healthCheck() {
    if (existsSync(this.context.settings.down)) throw new TransientNetworkError('the line is cut');
    return { status: 'healthy', message: 'all is well' };
  }
  async execute() { return this.context.settings.word; }
}
`;

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
