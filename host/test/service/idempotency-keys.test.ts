import type { ConnectorService } from '@automate/contract';
import { connect } from '@automate/client';
import { ConnectorAdapter } from '@automate/sdk';
import type { CallContext } from '@automate/sdk';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

/** Answers with the key that it was given. */
class Keyed extends ConnectorAdapter {
  readonly name = 'keyed';
  readonly version = '1.0.0';
  override readonly capabilities = { idempotencyKey: true };
  async connect(): Promise<boolean> {
    return true;
  }
  override async execute(_action: string, _payload: unknown, { idempotencyKey }: CallContext): Promise<string> {
    return idempotencyKey ?? 'none';
  }
}

const DOORS = {
  'in process': async (it: SandboxHost): Promise<ConnectorService> => it.service,
  'over gRPC': (it: SandboxHost) => connect({ address: it.host.grpcAddress ?? '' }),
} as const;

describe.each(Object.entries(DOORS))('an idempotency key %s', (_door, open) => {
  let it_: SandboxHost;
  let service: ConnectorService;
  beforeAll(async () => {
    it_ = await SandboxHost.open({
      kinds: [],
      register: [{ kind: 'keyed', adapter: Keyed }],
      yaml: 'connectors: [{ id: keyed }]',
    });
    service = await open(it_);
  });
  afterAll(async () => {
    await service.close();
    await it_[Symbol.asyncDispose]();
  });
  const send = (idempotencyKey: string | undefined) =>
    service.execute({ id: 'keyed', action: 'tell', ...(idempotencyKey === undefined ? {} : { idempotencyKey }) });

  it.each([undefined, 'k', '~', '!!', '/?#%', 'k'.repeat(254), 'k'.repeat(255)])(
    'arrives as it is: %j',
    async (key) => {
      await expect(send(key)).resolves.toMatchObject({ result: key ?? 'none' });
    },
  );

  it.each([
    ...['', ' ', '  ', ' k', 'k ', 'a b', 'a  b', 'k'.repeat(256), `${'k'.repeat(255)} `],
    ...['\0', 'a\0b', 'a\tb', 'a\nb', 'k\n', 'a\u001fb', 'a\u007fb', '\u007f', 'a\u0080b', 'ü', 'aüb', 'a😀b'],
  ])('is refused before anything is sent: %j', async (key) => {
    await expect(send(key)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
      problems: [{ path: 'idempotency_key', expected: '1 to 255 printable ASCII characters without spaces' }],
    });
  });
});
