import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectorConfigInput } from '@automate/contract';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { until } from '../runtime/support.ts';

/** Writes a sign for each check into the file of its settings. */
const BEATING = `
import { appendFileSync } from 'node:fs';
import { ConnectorAdapter } from '@automate/sdk';
export default class Beating extends ConnectorAdapter {
  name = 'beating';
  version = '1.0.0';
  async connect() { return true; }
  async healthCheck() {
    appendFileSync(this.context.settings.file, '.');
    return { status: 'healthy', message: 'all is well' };
  }
  async execute(action) { return action; }
}
`;

describe('the health checks of a connector', () => {
  let it_: SandboxHost;
  beforeAll(async () => {
    it_ = await SandboxHost.open({
      kinds: [],
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'beating', source: BEATING })),
    });
    await it_.service.register(connector('clock', 'clock', true));
  });
  afterAll(() => it_[Symbol.asyncDispose]());

  const fileOf = (name: string): string => join(it_.sandbox.root, name);
  const connector = (id: string, file: string, isChecked: boolean): ConnectorConfigInput => ({
    id,
    kind: 'beating',
    settings: { file: fileOf(file) },
    healthCheck: { enabled: isChecked, intervalMs: 10 },
  });
  const beats = (file: string): number => (existsSync(fileOf(file)) ? readFileSync(fileOf(file)).length : 0);
  /** Another connector's checks, which go on at the same pace, are the clock. */
  const otherChecks = async (): Promise<void> => {
    const before = beats('clock');
    await until('others are checked', () => beats('clock') >= before + 30);
  };

  it('are shared by all who ask while one is under way', async () => {
    await it_.service.register(connector('asked', 'asked', false));
    await Promise.all([1, 2, 3].map(() => it_.service.healthCheck('asked')));
    expect(beats('asked')).toBe(1);
    await it_.service.healthCheck('asked');
    expect(beats('asked')).toBe(2);
  });

  it('are not made where it is disabled', async () => {
    await it_.service.register({ ...connector('disabled', 'disabled', true), enabled: false });
    await otherChecks();
    const metrics = await (await fetch(`${it_.host.httpAddress}/metrics`)).text();
    const checked = metrics.split('\n').filter((line) => line.startsWith('automate_health_checks_total'));
    expect(checked.filter((line) => line.includes('"clock"'))).not.toStrictEqual([]);
    expect(checked.filter((line) => line.includes('"disabled"'))).toStrictEqual([]);
  });

  it.each([
    [
      'removed, also where its id is taken by one that is not to be checked',
      async () => {
        await it_.service.remove('it');
        await it_.service.register(connector('it', 'after', false));
      },
    ],
    ['replaced by one that is not to be checked', () => it_.service.update(connector('it', 'after', false))],
  ])('end when it is %s', async (_how, change) => {
    await it_.service.register(connector('it', 'before', true));
    await until('it is checked', () => beats('before') > 0);
    await change();
    await it_.service.healthCheck('it');
    const counted = [beats('before'), beats('after')];
    await otherChecks();
    expect([beats('before'), beats('after')]).toStrictEqual(counted);
    await it_.service.remove('it');
  });
});
