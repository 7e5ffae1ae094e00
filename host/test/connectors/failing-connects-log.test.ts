import { describe, expect, it } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const source = (fail: string): string => `
import { existsSync } from 'node:fs';
import { action, ConnectorAdapter, TransientNetworkError } from '@automate/sdk';
export default class Adapter extends ConnectorAdapter {
  name = 'failing';
  version = '1.0.0';
  configSchema = { schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }, jsonSchema: { type: 'object' } };
  actions = { act: action({ description: 'Acts.', input: this.configSchema, sideEffects: false, idempotent: true, run: () => 1 }) };
  async connect() {
    if (existsSync(this.context.settings.down)) ${fail}
    return true;
  }
}
`;

describe.each([
  ['a plain error, once with its stack', "throw new Error('line cut at port ' + Math.random());", 1],
  ['a ConnectorError, without a stack', "throw new TransientNetworkError('nobody there');", 0],
])('a connect() that fails with %s', (_title, fail, stacks) => {
  it('is told once, however often it is tried, and again once it has worked', async () => {
    await using it = await SandboxHost.open({
      kinds: [],
      env: { HEALTH_INTERVAL: '500h' },
      flags: { logLevel: 'info' },
      prepare: async (sandbox) => {
        await sandbox.addConnector({ kind: 'failing', source: source(fail) });
        await sandbox.writeFile('down', '');
      },
    });
    const down = `${it.sandbox.root}/down`;
    const health = { enabled: false };
    await it.service.register({
      id: 'line',
      kind: 'failing',
      settings: { down },
      retry: { attempts: 1 },
      healthCheck: health,
    });
    const call = () => it.service.execute({ id: 'line', action: 'act' }).catch((error: unknown) => error);
    for (let turn = 0; turn < 4; turn += 1) await call();
    const counted = () => it.logText.match(/"stack":/g)?.length ?? 0;
    expect(counted()).toBe(stacks);
    await rm(down);
    expect(await call()).toMatchObject({ result: 1 });
    if (stacks > 0) expect(it.logText).toContain('what failed before did so 3 times more');
    expect(counted()).toBe(stacks);
  });
});
