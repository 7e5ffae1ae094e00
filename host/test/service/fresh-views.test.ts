import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PlainAdapter } from '../fixtures/plain-adapter.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

describe('what is listed again', () => {
  let host: SandboxHost;
  beforeAll(async () => {
    host = await SandboxHost.open({
      kinds: [],
      register: [{ kind: 'plain', adapter: PlainAdapter }],
      yaml: 'connectors: []\n',
    });
    await host.service.register({ id: 'a', kind: 'plain', metadata: { team: 'blue', api_key: 'k-1234' } });
  });
  afterAll(() => host[Symbol.asyncDispose]());

  const listed = async () => (await host.service.list())[0];

  it('is masked each time, whatever a caller did to an earlier answer', async () => {
    const first = await listed();
    expect(first?.metadata).toStrictEqual({
      team: 'blue',
      api_key: 'secretref://store/connector.a/metadata.api_key?version=1',
    });
    Object.assign(first?.metadata ?? {}, { team: 'red', extra: 'x' });
    expect((await listed())?.metadata).toStrictEqual({
      team: 'blue',
      api_key: 'secretref://store/connector.a/metadata.api_key?version=1',
    });
  });

  it('shows the status of now', async () => {
    expect((await listed())?.status).toBe('unknown');
    await host.service.healthCheck('a');
    expect((await listed())?.status).toBe('healthy');
  });

  it('shows a changed configuration at once, and masks what is new in it', async () => {
    await host.service.update({
      id: 'a',
      kind: 'plain',
      description: 'other words',
      host: 'example.org',
      basePath: '/v1',
      metadata: { password: 'hunter22' },
    });
    expect(await listed()).toMatchObject({
      description: 'other words',
      endpoint: 'http://example.org/v1',
      metadata: { password: 'secretref://store/connector.a/metadata.password?version=1' },
    });
    await host.service.update({
      id: 'a',
      kind: 'plain',
      description: 'plain words',
      basePath: '/v2',
      host: 'example.org',
    });
    expect(await listed()).toMatchObject({
      description: 'plain words',
      endpoint: 'http://example.org/v2',
      metadata: {},
    });
  });
});
