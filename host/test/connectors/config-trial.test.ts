import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import type { ConnectorService } from '@automate/contract';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

describe('a configuration that is tested before it is registered', () => {
  let it_: SandboxHost;
  beforeAll(async () => {
    it_ = await SandboxHost.open({ yaml: 'connectors: [{ id: mine, kind: echo }]' });
  });
  afterAll(() => it_?.[Symbol.asyncDispose]());

  const doors: readonly (readonly [string, () => Promise<ConnectorService>])[] = [
    ['in process', async () => it_.service],
    ['over gRPC', () => connect({ address: it_.host.grpcAddress ?? '' })],
    ['over REST', async () => openRestBackend(it_.host.httpAddress ?? '')],
  ];

  it.each(doors)('is tried %s, and leaves nothing behind', async (_door, open) => {
    const service = await open();
    expect(await service.test({ id: 'new', kind: 'echo' })).toMatchObject({
      id: 'new',
      status: 'healthy',
      success: true,
    });
    expect(await service.test({ id: 'new', kind: 'unreachable', host: '127.0.0.1', port: 9 })).toMatchObject({
      status: 'unhealthy',
      success: false,
      endpoint: 'http://127.0.0.1:9',
      error: expect.stringMatching(/^remote unreachable: /),
    });
    await expect(service.test({ id: 'new', kind: 'nothing_like_it' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [expect.objectContaining({ path: 'kind' })],
    });
    await expect(service.test({ id: 'mine', kind: 'echo' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { reason: 'not_owned' },
    });
    expect((await service.list()).map(({ id }) => id)).not.toContain('new');
    if (service !== it_.service) await service.close();
  });

  it('is tried beside the one of its id, which runs on as it was', async () => {
    const { service } = it_;
    await service.register({ id: 'both', kind: 'echo' });
    await service.test('both');
    const trial = await service.test({ id: 'both', kind: 'unreachable' });
    expect(trial.success).toBe(false);
    expect(await service.test('both')).toMatchObject({ success: true });
    expect((await service.get('both')).config.kind).toBe('echo');
  });
});
