import { rm } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { SWITCHED } from '../fixtures/switched.ts';

describe('a connector of an id that another had', () => {
  it('is told to be unhealthy, though the other was for the same reason', async () => {
    await using it = await SandboxHost.open({
      kinds: [],
      serve: false,
      prepare: async (sandbox) => {
        await sandbox.addConnector({ kind: 'switched', source: SWITCHED });
        await sandbox.writeFile('down', '');
      },
    });
    for (const _time of [1, 2]) {
      await it.service.register({ id: 'line', kind: 'switched', settings: { down: `${it.sandbox.root}/down` } });
      await it.service.healthCheck('line');
      await it.service.remove('line');
    }
    expect(it.logText.match(/"event":"unhealthy"/g)).toHaveLength(2);
  });
});

describe('the log', () => {
  it('says once that a connector went down, and why, and once that it is up again', async () => {
    let down = '';
    await using it = await SandboxHost.open({
      kinds: [],
      env: { HEALTH_INTERVAL: '500h' },
      prepare: async (sandbox) => {
        await sandbox.addConnector({ kind: 'switched', source: SWITCHED });
        await sandbox.writeFile('down', '');
        down = `${sandbox.root}/down`;
      },
    });
    const { service } = it.host;
    await service.register({ id: 'line', kind: 'switched', settings: { down } });
    const check = async () => (await service.healthCheck('line')).status;
    expect([await check(), await check()]).toEqual(['unhealthy', 'unhealthy']);
    await service.register({ id: 'other', kind: 'switched', settings: { down: '/nowhere' } });
    await service.healthCheck('other');
    await rm(down);
    expect([await check(), await check()]).toEqual(['healthy', 'healthy']);
    const lines = it.logText
      .split('\n')
      .filter((line) => /"event":"(un)?healthy"/.test(line))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toMatchObject([
      {
        level: 'warn',
        connector: 'line',
        event: 'unhealthy',
        reason: 'remote unreachable: the line is cut',
        blame: 'remote',
      },
      { level: 'info', connector: 'line', event: 'healthy', reason: 'all is well', blame: 'remote' },
    ]);
    expect(lines).toHaveLength(2);
  });
});
