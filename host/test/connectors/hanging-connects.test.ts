import { describe, expect, it } from '@jest/globals';
import type { CallOptions } from '@automate/contract';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const SOURCE = `
import { ConnectorAdapter } from '@automate/sdk';
export default class SilentAdapter extends ConnectorAdapter {
  name = 'silent';
  version = '1.0.0';
  actions = {};
  connect() { return new Promise(() => undefined); }
}
`;

describe('a test of a connector whose remote system never answers', () => {
  it.each<[whose: string, startTimeout: string, options: CallOptions, told: string]>([
    ['limits.start_timeout', '3s', {}, 'remote unreachable: '],
    ["the caller's deadline", '1h', { timeoutMs: 300 }, 'remote unreachable: no answer within 300 ms'],
  ])('ends with %s', async (_whose, startTimeout, options, told) => {
    await using it = await SandboxHost.open({
      kinds: [],
      serve: false,
      yaml: `connectors:\n  - { id: silent, limits: { start_timeout: ${startTimeout} } }\n`,
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'silent', source: SOURCE })),
    });
    await expect(it.service.test('silent', options)).resolves.toMatchObject({
      success: false,
      status: 'unhealthy',
      error: expect.stringContaining(told),
    });
  });
});
