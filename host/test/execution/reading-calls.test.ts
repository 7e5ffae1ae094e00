import { expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

/** One action that reads and one that writes; both end as the payload says. */
const FAILING = `
import { action, ConnectorAdapter, UpstreamError } from '@automate/sdk';
const any = { schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }, jsonSchema: { type: 'object' } };
const run = ({ end }) => {
  if (end === 'exit') process.exit(3);
  throw end === 'known' ? new UpstreamError('broke off') : new Error('broke off');
};
export default class Failing extends ConnectorAdapter {
  name = 'failing';
  version = '1.0.0';
  async connect() { return true; }
  actions = {
    read: action({ description: 'Reads', input: any, sideEffects: false, idempotent: true, run }),
    write: action({ description: 'Writes', input: any, sideEffects: true, idempotent: false, run }),
  };
}
`;

it('says of an action that changes nothing that it had no effect, however it ended, and else that it may have', async () => {
  await using it = await SandboxHost.open({
    kinds: [],
    yaml: `connectors:
  - { id: reader, kind: failing, retry: { attempts: 1 } }
  - { id: writer, kind: failing, retry: { attempts: 1 } }
`,
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'failing', source: FAILING })),
  });
  const effectOf = async (id: string, action: string, end: string): Promise<unknown> => {
    const error: unknown = await it.host.service
      .execute({ id, action, payload: { end } })
      .catch((thrown: unknown) => thrown);
    return (error as { readonly effect?: unknown }).effect;
  };
  for (const end of ['known', 'unknown', 'exit']) {
    expect([end, await effectOf('reader', 'read', end)]).toStrictEqual([end, 'none']);
    expect([end, await effectOf('writer', 'write', end)]).toStrictEqual([end, 'maybe']);
  }
});
