import { expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { eventually } from '@automate/tooling/eventually';

const LINES = 5000;
const FLOODING = `
import { ConnectorAdapter } from '@automate/sdk';
export default class Flooding extends ConnectorAdapter {
  name = 'flooding';
  version = '1.0.0';
  async connect() { return true; }
  async execute(action) {
    if (action === 'end') process.exit(3);
    for (let n = 0; n < ${LINES}; n += 1) console.log('line ' + n + ' of a flood');
    return 'said';
  }
}
`;

it('each line of a connector that writes too many is in the log or counted as dropped, over all lives of its worker', async () => {
  await using host = await SandboxHost.open({
    kinds: [],
    yaml: 'connectors: [{ id: one, kind: flooding, health_check: { enabled: false } }]\n',
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'flooding', source: FLOODING })),
  });
  const accounted = async (): Promise<number> => {
    const metrics = await (await fetch(`${host.host.httpAddress}/metrics`)).text();
    const dropped = Number(/^automate_worker_dropped_log_lines_total\{connector="one"\} (\d+)$/m.exec(metrics)?.[1]);
    expect(dropped).toBeGreaterThanOrEqual(0);
    return host.logText.split('\n').filter((line) => line.includes(' of a flood')).length + dropped;
  };
  const call = { id: 'one', action: 'flood' };
  await host.service.execute(call);
  await eventually(async () => (await accounted()) === LINES);
  await expect(host.service.execute({ id: 'one', action: 'end' })).rejects.toMatchObject({ code: 'WORKER_LOST' });
  expect(host.logText).toContain('log lines were dropped');
  await host.service.execute(call);
  await eventually(async () => (await accounted()) === 2 * LINES);
});
