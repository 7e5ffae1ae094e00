import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { ConnectorEntry } from '../../src/connectors/connector-state.ts';
import { HealthMonitor } from '../../src/connectors/health-monitor.ts';
import { LiveConnectors } from '../../src/connectors/live-connectors.ts';
import type { Sources } from '../../src/connectors/registry.ts';
import { Registry } from '../../src/connectors/registry.ts';
import { HostEvents } from '../../src/events/host-events.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { until } from '../runtime/support.ts';

/** Its check makes one file and waits for another. */
const PENDING = `
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ConnectorAdapter } from '@automate/sdk';
export default class Pending extends ConnectorAdapter {
  name = 'pending';
  version = '1.0.0';
  async connect() { return true; }
  async healthCheck() {
    writeFileSync(this.context.settings.began, '');
    while (!existsSync(this.context.settings.gate)) await delay(5);
    return { status: 'healthy', message: 'at last' };
  }
  async execute(action) { return action; }
}
`;

/** Makes its file once it has begun, and never gives its thread back. */
const SPINNING = `
import { writeFileSync } from 'node:fs';
import { ConnectorAdapter } from '@automate/sdk';
export default class Spinning extends ConnectorAdapter {
  name = 'spinning';
  version = '1.0.0';
  async connect() { return true; }
  async execute(action) {
    if (action === 'greet') return this.context.settings.greeting;
    writeFileSync(this.context.settings.began, '');
    for (;;);
  }
}
`;

const narrow = { kind: 'echo', limits: { concurrency: 1, queue: 5 }, healthCheck: { enabled: false } } as const;

describe('calls that wait for their turn', () => {
  it.each<[string, (it: SandboxHost) => Promise<unknown>]>([
    ['is replaced', (it) => it.service.update({ id: 'one', ...narrow, settings: { greeting: 'another' } })],
    ['is removed', (it) => it.service.remove('one')],
    ['closes with its host', async () => undefined],
  ])('are served by the connector that %s', async (_how, change) => {
    await using it = await SandboxHost.open({ kinds: ['echo'], serve: false });
    await it.service.register({ id: 'one', ...narrow, settings: { greeting: 'the first' } });
    const [began, gate] = [join(it.sandbox.root, 'began'), join(it.sandbox.root, 'gate')];
    const first = it.service.execute({ id: 'one', action: 'wait', payload: { began, gate } });
    const second = it.service.execute({ id: 'one', action: 'say', payload: { text: 'x' } });
    const outcomes = Promise.allSettled([first, second]);
    await until('the first call has begun', () => existsSync(began));
    await change(it);
    const closing = it.host.close();
    await writeFile(gate, '');
    await closing;
    expect(await outcomes).toMatchObject([
      { status: 'fulfilled', value: { result: { waited: 60_000 } } },
      { status: 'fulfilled', value: { result: { greeting: 'the first' } } },
    ]);
  });
});

describe.each(['thread', 'process'] as const)('a connector that spins, at the level %s', (isolation) => {
  it('is changed all the same: the new one answers, and the call that spins ends at its deadline', async () => {
    await using it = await SandboxHost.open({
      kinds: [],
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'spinning', source: SPINNING })),
    });
    const began = join(it.sandbox.root, 'began');
    const one = { id: 'one', kind: 'spinning', isolation, healthCheck: { enabled: false } } as const;
    await it.service.register({ ...one, settings: { began, greeting: 'before' } });
    const spinning = it.service.execute({ id: 'one', action: 'spin', payload: {} }, { timeoutMs: 8000 });
    const ended = Promise.allSettled([spinning]);
    await until('the call spins', () => existsSync(began));
    await it.service.update({ ...one, settings: { began, greeting: 'after' } });
    await expect(it.service.execute({ id: 'one', action: 'greet', payload: {} })).resolves.toMatchObject({
      result: 'after',
    });
    expect(await ended).toMatchObject([{ status: 'rejected', reason: { code: 'TIMEOUT' } }]);
  });
});

describe('a connector that is removed while it is checked', () => {
  it('is counted among no checks, which would bring it back into the metrics', async () => {
    await using it = await SandboxHost.open({
      kinds: [],
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'pending', source: PENDING })),
    });
    const [began, gate] = [join(it.sandbox.root, 'began'), join(it.sandbox.root, 'gate')];
    await it.service.register({
      id: 'one',
      kind: 'pending',
      settings: { began, gate },
      healthCheck: { enabled: false },
    });
    const checked = it.service.healthCheck('one');
    await until('the check has begun', () => existsSync(began));
    await it.service.remove('one');
    await writeFile(gate, '');
    await checked;
    const metrics = await (await fetch(`${it.host.httpAddress}/metrics`)).text();
    expect(metrics.split('\n').filter((line) => line.includes('"one"'))).toStrictEqual([]);
  });
});

describe('the connectors of a host that has closed', () => {
  it('start no worker more', async () => {
    const registry = new Registry({} as Sources, () => true);
    registry.put({ id: 'one', state: { phase: 'usable' } } as ConnectorEntry);
    const live = new LiveConnectors({
      registry,
      monitor: new HealthMonitor({ onFault: () => undefined }),
      history: { add: () => undefined },
      createWorker: () => {
        throw new Error('a worker was made');
      },
      events: new HostEvents(() => undefined),
    });
    await live.closeAll();
    expect(() => live.target('one')).toThrow('the host is shutting down');
  });
});
