import { describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

/** Fails once with the effect that the payload names, then says whether it was told of that. */
const FLAKY = `
import { action, ConnectorAdapter, UpstreamError } from '@automate/sdk';
const any = { schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }, jsonSchema: { type: 'object' } };
export default class Flaky extends ConnectorAdapter {
  name = 'flaky';
  version = '1.0.0';
  calls = 0;
  async connect() { return true; }
  actions = {
    try_twice: action({
      description: 'Fails once', input: any, sideEffects: true, idempotent: true,
      run: ({ effect }, { repeated }) => {
        this.calls += 1;
        if (this.calls === 1) throw new UpstreamError('not yet', { effect });
        return { repeated };
      },
    }),
  };
}
`;

describe('an attempt that follows another', () => {
  it.each([
    ['maybe', true],
    ['none', false],
  ])('after the effect "%s" is told: %s', async (effect, repeated) => {
    await using it = await SandboxHost.open({
      kinds: [],
      yaml: 'connectors:\n  - { id: flaky, retry: { backoff: 1ms } }\n',
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'flaky', source: FLAKY })),
    });
    const result = await it.host.service.execute({ id: 'flaky', action: 'try_twice', payload: { effect } });
    expect(result).toMatchObject({ result: { repeated }, attempts: 2 });
  });
});
