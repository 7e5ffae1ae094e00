import { describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

/** What hangs is not waited for; the others have all the time that a busy machine needs. */
const how = (id: string): string =>
  `  - { id: "${id}", kind: unreachable, settings: { how: "${id}" }, health_check: { timeout: ${id === 'hang' ? '300ms' : '60s'} } }\n`;

describe('health messages', () => {
  it('tell an unreachable remote, one that answers badly, refused credentials and a dead worker apart', async () => {
    const ids = ['refused', 'badly', 'auth', 'hang', 'false'];
    await using it = await SandboxHost.open({
      yaml: `connectors:\n${ids.map((id) => how(id)).join('')}  - { id: dying, kind: echo }\n`,
    });
    const reports = await it.service.healthCheckAll();
    const messages = Object.fromEntries(
      Object.entries(reports).map(([id, { status, message }]) => [id, [status, message.split(':')[0]]]),
    );
    expect(messages).toEqual({
      refused: ['unhealthy', 'remote unreachable'],
      badly: ['unhealthy', 'remote answers badly'],
      auth: ['unhealthy', 'credentials refused'],
      hang: ['unhealthy', 'remote unreachable'],
      false: ['unhealthy', 'could not connect'],
      dying: ['healthy', 'connected'],
    });
  });

  it('say that the worker is dead, and why, while one that keeps dying is not started again', async () => {
    await using it = await SandboxHost.open({
      yaml: 'connectors:\n  - { id: dying, kind: echo, retry: { attempts: 1 } }\n',
    });
    for (let crash = 0; crash < 2; crash += 1) {
      await expect(it.service.execute({ id: 'dying', action: 'die' })).rejects.toMatchObject({ connector: 'dying' });
    }
    const [info] = await it.service.list();
    expect(info).toMatchObject({ status: 'unhealthy', lastError: expect.stringMatching(/^worker dead: .*exit/) });
  });

  it('leave a hung connector behind without delaying the others', async () => {
    const hung = Array.from(
      { length: 5 },
      (_, index) =>
        `  - { id: hung${index}, kind: unreachable, settings: { how: hang }, health_check: { timeout: 1500ms } }\n`,
    );
    const well = Array.from({ length: 5 }, (_, index) => `  - { id: well${index}, kind: echo }\n`);
    await using it = await SandboxHost.open({ yaml: `connectors:\n${[...hung, ...well].join('')}` });
    for (const id of ['well0', 'hung0']) await it.service.healthCheck(id);
    const all = it.service.healthCheckAll();
    const first = await Promise.race([all.then(() => 'all'), it.service.healthCheck('well1').then(() => 'well')]);
    expect(first).toBe('well');
    const reports = Object.values(await all);
    expect(reports.filter(({ status }) => status === 'healthy')).toHaveLength(5);
    expect(reports.filter(({ message }) => message.startsWith('remote unreachable'))).toHaveLength(5);
  });
});
