import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FakeService, PluginSandbox, runInWorker } from '@automate/testing';

const SOURCE = `import { action, ConnectorAdapter } from '@automate/sdk';
const any = { schema: { '~standard': { version: 1, vendor: 'none', validate: (value) => ({ value }) } }, jsonSchema: { type: 'object' } };
const traits = { input: any, sideEffects: false, idempotent: true };
export default class extends ConnectorAdapter {
  name = 'plain';
  version = '1.0.0';
  actions = {
    ask: action({ ...traits, description: 'Asks the remote system.', run: (_input, { http }) => http.json({ path: '/ask' }) }),
    leave: action({ ...traits, sideEffects: true, idempotent: false, description: 'Ends its own process.', run: () => process.exit(1) }),
  };
  connect() { return true; }
}
`;

let sandbox: PluginSandbox;
let directory: string;
let service: FakeService;
beforeAll(async () => {
  sandbox = await PluginSandbox.create();
  directory = await sandbox.addConnector({
    kind: 'plain',
    source: SOURCE,
    manifest: { permissions: { network: ['127.0.0.1:*'] } },
  });
  service = await FakeService.start();
  service.on('GET', '/ask', { json: { answer: 42 } });
});
afterAll(async () => {
  await service.close();
  await sandbox.dispose();
});

describe.each(['thread', 'process', 'restricted'] as const)('at the level %s', (isolation) => {
  it('runs a kind of a package in a real host, whose death harms no test', async () => {
    await using connector = await runInWorker(directory, {
      kind: 'plain',
      isolation,
      grants: { network: ['127.0.0.1:*'] },
      config: service.endpoint,
    });
    expect(connector.plugin).toMatchObject({ package: 'connector-plain', status: 'admitted' });
    expect((await connector.describe()).actions.map(({ name }) => name)).toEqual(['ask', 'leave']);
    await expect(connector.call('ask')).resolves.toMatchObject({ result: { answer: 42 } });
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
    await expect(connector.call('leave')).rejects.toMatchObject({ code: 'WORKER_LOST' });
  });
});

it('says why a package cannot be run', async () => {
  await expect(runInWorker(directory, { kind: 'other' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});
