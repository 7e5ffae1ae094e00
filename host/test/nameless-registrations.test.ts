import { connect } from '@automate/client';
import type { ConnectorConfigInput, ConnectorService } from '@automate/contract';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openRestBackend } from './fixtures/rest-backend.ts';
import { SandboxHost } from './fixtures/sandbox-host.ts';

describe('a registration that does not say what it is', () => {
  let it_: SandboxHost;
  beforeAll(async () => {
    it_ = await SandboxHost.open({ kinds: ['echo', 'unreachable'] });
  });
  afterAll(() => it_[Symbol.asyncDispose]());

  const doors: Readonly<Record<string, () => Promise<ConnectorService>>> = {
    'in process': async () => it_.host.service,
    'over gRPC': () => connect({ address: it_.host.grpcAddress ?? '' }),
    'over REST': async () => openRestBackend(it_.host.httpAddress ?? ''),
  };
  const refusal = async (service: ConnectorService, config: unknown): Promise<{ message: string }> =>
    service.register(config as ConnectorConfigInput).then(
      () => ({ message: 'accepted' }),
      (error: unknown) => error as { message: string },
    );

  it.each(Object.entries(doors))('is told %s which kinds there are and where they are named', async (_door, open) => {
    const service = await open();
    for (const config of [
      { id: 'my-custom', type: 'custom' },
      { id: 'my_custom', type: 'custom' },
      { id: 'x', kind: 'nothing_known' },
    ]) {
      const error = await refusal(service, config);
      expect(error).toMatchObject({ code: 'INVALID_INPUT', effect: 'none', problems: [{ path: 'kind' }] });
      expect(error.message).toMatch(/echo, unreachable/);
      if (!('kind' in config)) expect(error.message).toContain('metadata["kind"]');
    }
  });

  it.each(Object.entries(doors))('is told %s that it lacks an id', async (_door, open) => {
    const service = await open();
    for (const config of [{}, { kind: 'echo' }, { id: '', kind: 'echo' }]) {
      const error = await refusal(service, config);
      expect(error).toMatchObject({ code: 'INVALID_INPUT', problems: [{ path: 'id' }] });
      expect(error.message).toMatch(/^the configuration is refused: id: expected lower-case letters/);
    }
  });

  it.each(Object.entries(doors))('is told %s that it is none', async (_door, open) => {
    const service = await open();
    for (const config of [null, [], 'canary-4711']) {
      const error = await refusal(service, config);
      expect(error).toMatchObject({ code: 'INVALID_INPUT' });
      expect(error.message).toMatch(/^the configuration is refused: expected (?:an object|a map)/);
      expect(error.message).not.toContain('canary');
    }
  });
});
