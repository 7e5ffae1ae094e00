import { describe, expect, it } from '@jest/globals';
import { SandboxHost } from './fixtures/sandbox-host.ts';

const YAML = `
connectors:
  - id: echo
    tags: [blue]
    settings: { greeting: hi }
  - id: off
    kind: echo
    enabled: false
  - id: ghost
    kind: not_installed
  - id: free
    kind: open_kind
`;

describe('a host', () => {
  it('finds a plugin in node_modules, runs it in a worker and answers a call', async () => {
    await using it = await SandboxHost.open({ yaml: YAML });
    await expect(it.service.execute({ id: 'echo', action: 'say', payload: { text: 'x' } })).resolves.toMatchObject({
      result: { text: 'x', greeting: 'hi' },
      attempts: 1,
      replayed: false,
    });
    await expect(
      it.service.execute({ id: 'free', action: 'send_message', payload: { text: 'y' } }),
    ).resolves.toMatchObject({
      result: { status: 'sent', text: 'y' },
    });
  });

  it('starts though a kind is missing, lists it as unhealthy with the reason, and answers UNAVAILABLE', async () => {
    await using it = await SandboxHost.open({ yaml: YAML });
    const infos = await it.service.list();
    expect(infos.map(({ id, status }) => [id, status])).toEqual([
      ['echo', 'unknown'],
      ['free', 'unknown'],
      ['ghost', 'unhealthy'],
      ['off', 'unavailable'],
    ]);
    expect(infos.find(({ id }) => id === 'ghost')?.lastError).toMatch(/not_installed/);
    await expect(it.service.execute({ id: 'ghost', action: 'say' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      connector: 'ghost',
      retryable: false,
      details: { reason: 'kind_missing' },
    });
    await expect(it.service.execute({ id: 'off', action: 'say' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      connector: 'off',
      retryable: false,
      details: { reason: 'disabled' },
    });
  });

  it('shows no setting before it knows which of them are secret', async () => {
    await using it = await SandboxHost.open({ serve: false, yaml: YAML });
    const shown = async () => (await it.service.get('echo')).config.settings;
    expect(await shown()).toEqual({ greeting: '[secret]' });
    await it.service.describe('echo');
    expect(await shown()).toEqual({ greeting: 'hi' });
  });

  it('tests and checks what cannot run by saying why', async () => {
    await using it = await SandboxHost.open({ serve: false, yaml: YAML });
    const failed = { success: false, status: 'unhealthy', error: expect.stringMatching(/not_installed/) };
    await expect(it.service.test('ghost')).resolves.toMatchObject({ id: 'ghost', ...failed });
    await expect(it.service.test('off')).resolves.toMatchObject({
      id: 'off',
      success: false,
      status: 'unavailable',
      error: 'disabled',
    });
    const { ghost, off } = await it.service.healthCheckAll();
    expect(ghost).toMatchObject({ status: 'unhealthy', healthy: false, blame: 'operator' });
    expect(off).toStrictEqual({
      id: 'off',
      status: 'unavailable',
      healthy: false,
      message: 'disabled',
      responseTimeMs: 0,
      consecutiveFailures: 0,
    });
  });
});
