import type { ConnectorService } from '@automate/contract';
import { connect } from '@automate/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PlainAdapter } from '../fixtures/plain-adapter.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const DOORS = {
  'in process': async (it: SandboxHost): Promise<ConnectorService> => it.service,
  'over gRPC': (it: SandboxHost) => connect({ address: it.host.grpcAddress ?? '' }),
} as const;

describe.each(Object.entries(DOORS))('what is asked for %s', (_door, open) => {
  let it_: SandboxHost;
  let service: ConnectorService;
  beforeAll(async () => {
    it_ = await SandboxHost.open({
      kinds: [],
      register: [{ kind: 'plain', adapter: PlainAdapter, type: 'agent' }],
      yaml: `connectors:
  - { id: a, kind: plain, tags: [blue] }
  - { id: b, kind: plain, type: database, tags: [blue, red] }
  - { id: c, kind: plain, enabled: false }
`,
    });
    service = await open(it_);
  });
  afterAll(async () => {
    await service.close();
    await it_[Symbol.asyncDispose]();
  });

  it.each([
    [{}, ['a', 'b', 'c']],
    [{ type: 'agent' }, ['a', 'c']],
    [{ type: 'database' }, ['b']],
    [{ enabledOnly: true }, ['a', 'b']],
    [{ enabledOnly: false }, ['a', 'b', 'c']],
    [{ tag: 'red' }, ['b']],
    [{ tag: 'blue', type: 'agent' }, ['a']],
    [{ type: 'database', enabledOnly: true, tag: 'green' }, []],
  ] as const)('is listed: %j', async (filter, ids) => {
    expect((await service.list(filter)).map(({ id }) => id)).toStrictEqual(ids);
  });

  it.each([
    [{}, ['a', 'b', 'c']],
    [{ type: 'database' }, ['b']],
    [{ type: 'agent', cached: true }, ['a', 'c']],
  ] as const)('is checked: %j', async (filter, ids) => {
    expect(Object.keys(await service.healthCheckAll(filter)).toSorted()).toStrictEqual(ids);
  });
});
