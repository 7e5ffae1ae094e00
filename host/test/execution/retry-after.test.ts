import { describe, expect, it } from '@jest/globals';
import { FakeService } from '@automate/testing';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const COUNT = 10;

async function burst(retryAfter: string): Promise<{ readonly asked: number; readonly codes: readonly string[] }> {
  await using remote = await FakeService.start();
  remote.on('GET', /./, { status: 429, headers: { 'retry-after': retryAfter } });
  await using it = await SandboxHost.open({
    yaml: `
connectors:
  - { id: busy, kind: echo, host: 127.0.0.1, port: ${remote.endpoint.port}, health_check: { enabled: false } }
`,
  });
  const calls = Array.from({ length: COUNT }, () =>
    it.service.execute({ id: 'busy', action: 'ask', payload: { path: '/' } }).then(
      () => 'OK',
      (error: { readonly code: string }) => error.code,
    ),
  );
  const codes = await Promise.all(calls);
  await it.service.execute({ id: 'busy', action: 'ask', payload: { path: '/' } }).catch(() => undefined);
  return { asked: remote.requests.length, codes };
}

describe('a remote system that asks for a wait', () => {
  it('longer than the host is willing to wait is not asked again', async () => {
    const { asked, codes } = await burst('30');
    expect(codes).toEqual(Array.from({ length: COUNT }, () => 'RATE_LIMITED'));
    expect(asked).toBeLessThanOrEqual(COUNT);
  });
});
