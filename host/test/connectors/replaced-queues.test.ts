import { describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

/** Longer than a connector whose place is taken has for its calls. */
const CALLS = 14;

const WORKING = `
import { action, ConnectorAdapter } from '@automate/sdk';
const anything = { schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }, jsonSchema: { type: 'object' } };
export default class Working extends ConnectorAdapter {
  name = 'working';
  version = '1.0.0';
  actions = {
    work: action({
      description: 'Works for a second.', input: anything, sideEffects: true, idempotent: false,
      run: async ({ number }) => {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        return { number };
      },
    }),
  };
  async connect() { return true; }
}
`;

describe('calls that wait for a place', () => {
  it('go to what has taken the place of their connector, and are told truly where nothing has', async () => {
    const entry = (id: string, queue = 20): string =>
      `  - { id: ${id}, kind: working, limits: { concurrency: 1, queue: ${queue} } }\n`;
    await using host = await SandboxHost.open({
      kinds: [],
      yaml: `connectors:\n${entry('restarted')}${entry('edited')}${entry('disabled')}`,
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'working', source: WORKING })),
    });
    await using service = await connect({ address: host.host.grpcAddress ?? '' });
    const callAll = (id: string, keyed = false) =>
      Array.from({ length: CALLS }, (_none, number) =>
        service.execute({
          id,
          action: 'work',
          payload: { number },
          ...(keyed ? { idempotencyKey: `key-${number}` } : {}),
        }),
      );
    const calls = { restarted: callAll('restarted'), edited: callAll('edited', true), disabled: callAll('disabled') };
    const settled = Promise.all(Object.values(calls).map((each) => Promise.allSettled(each)));
    const hasBegun = async ([first]: readonly Promise<unknown>[]): Promise<void> => void (await first);
    await Promise.all(Object.values(calls).map(hasBegun));
    await host.service.restart('restarted');
    await host.service.disable('disabled');
    await host.writeConfig(`connectors:\n${entry('restarted')}${entry('edited', 21)}${entry('disabled')}`);
    await host.host.reload();
    const [restarted = [], edited = [], disabled = []] = await settled;
    for (const ended of [restarted, edited])
      expect(ended.map((each) => (each.status === 'fulfilled' ? each.value.result : each.reason))).toStrictEqual(
        Array.from({ length: CALLS }, (_none, number) => ({ number })),
      );
    const refused = disabled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    expect(refused.length).toBeGreaterThan(0);
    for (const reason of refused)
      expect(reason).toMatchObject({ code: 'UNAVAILABLE', effect: 'none', details: { reason: 'disabled' } });
  });
});
