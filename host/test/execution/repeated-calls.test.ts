import { join } from 'node:path';
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

/** Its first call ends the thread; from then on the remote system refuses it. */
const ENDING = `
import { existsSync, writeFileSync } from 'node:fs';
import { action, AuthFailedError, ConnectorAdapter } from '@automate/sdk';
const any = { schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }, jsonSchema: { type: 'object' } };
export default class Ending extends ConnectorAdapter {
  name = 'ending';
  version = '1.0.0';
  async connect() {
    if (existsSync(this.context.settings.mark)) throw new AuthFailedError('the token is refused');
    return true;
  }
  actions = {
    end: action({
      description: 'Ends the thread', input: any, sideEffects: false, idempotent: true,
      run: () => {
        writeFileSync(this.context.settings.mark, '');
        process.exit(1);
      },
    }),
  };
}
`;

it('that does not come as far as the adapter is one failure of the connector', async () => {
  await using it = await SandboxHost.open({
    kinds: [],
    serve: false,
    prepare: async (sandbox) => {
      await sandbox.addConnector({ kind: 'ending', source: ENDING });
      const mark = JSON.stringify(join(sandbox.root, 'mark'));
      await sandbox.writeFile(
        'config/connectors.yaml',
        `connectors:\n  - { id: ending, retry: { attempts: 2, backoff: 1ms }, settings: { mark: ${mark} } }\n`,
      );
    },
  });
  const { service } = it.host;
  await expect(service.execute({ id: 'ending', action: 'end' })).rejects.toMatchObject({
    code: 'AUTH_FAILED',
    attempts: 2,
  });
  await expect(service.healthCheckAll({ cached: true })).resolves.toMatchObject({ ending: { consecutiveFailures: 1 } });
});
