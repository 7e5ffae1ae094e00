import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@automate/client';
import type { CallOptions, CallProgress, ConnectorService } from '@automate/contract';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { until } from '../../runtime/support.ts';

const SOURCE = `
import { setTimeout as delay } from 'node:timers/promises';
import { action, AuthFailedError, ConnectorAdapter, fromJsonSchema } from '@automate/sdk';
export default class Telling extends ConnectorAdapter {
  name = 'telling';
  version = '1.0.0';
  actions = {
    work: action({
      description: 'Tells how far it is.',
      input: fromJsonSchema({ type: 'object' }),
      sideEffects: false,
      idempotent: true,
      run: async ({ steps, fails }, call) => {
        for (let progress = 1; progress <= steps; progress += 1) {
          call.progress({ progress, total: steps, message: 'step ' + progress });
          await delay(5, undefined, { signal: call.signal });
        }
        if (fails) throw new AuthFailedError('the remote refused the token');
        return { steps };
      },
    }),
  };
  async connect() {
    return true;
  }
}
`;

let host: SandboxHost;
let service: ConnectorService;
beforeAll(async () => {
  host = await SandboxHost.open({
    kinds: [],
    yaml: 'connectors:\n  - { id: telling, retry: { attempts: 1 } }\n',
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'telling', source: SOURCE })),
  });
  service = await connect({ address: host.host.grpcAddress ?? '' });
});
afterAll(async () => {
  await service.close();
  await host[Symbol.asyncDispose]();
});

function work(payload: { readonly steps: number; readonly fails?: boolean }, options: CallOptions = {}) {
  const told: CallProgress[] = [];
  const onProgress = (now: CallProgress): void => void told.push(now);
  return { told, done: service.execute({ id: 'telling', action: 'work', payload }, { ...options, onProgress }) };
}

it('of a call is heard by a client, and then its answer, as without it', async () => {
  const { told, done } = work({ steps: 20 });
  expect(await done).toMatchObject({ result: { steps: 20 }, attempts: 1, replayed: false });
  // What comes too fast is left out, also the last.
  const { progress = 0 } = told.at(-1) ?? {};
  expect(told.at(-1)).toEqual({ progress, total: 20, message: `step ${progress}` });
  const steps = told.map((now) => now.progress);
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
});

it.each<readonly [steps: number, fails: boolean, options: CallOptions]>([
  [1, true, {}],
  [10_000, false, { timeoutMs: 500 }],
  [1, false, { timeoutMs: -1 }],
])('of %i steps (fails: %s) with %j ends in the same error as without it', async (steps, fails, options) => {
  const request = { id: 'telling', action: 'work', payload: { steps, fails } };
  const plain: unknown = await service.execute(request, options).catch((error: unknown) => error);
  const told: unknown = await work({ steps, fails }, options).done.catch((error: unknown) => error);
  // Whether code that is late spun or waited is not the same each time on a busy machine.
  const seen = (error: unknown): object => ({ ...(error as object), ...(steps > 1 ? { blame: undefined } : {}) });
  expect(seen(told)).toEqual(seen(plain));
  expect(plain).toMatchObject({ code: expect.any(String) });
});

it('of a call whose caller leaves is told no more, and the call ends in the connector', async () => {
  const caller = new AbortController();
  const { told, done } = work({ steps: 100_000 }, { signal: caller.signal });
  await until('it has begun', () => told.length > 0);
  caller.abort();
  await expect(done).rejects.toMatchObject({ code: 'CANCELLED' });
  const isOver = async () => (await host.service.getStats()).connectors.every(({ inFlight }) => inFlight === 0);
  while (!(await isOver())) await delay(10);
});

it('does not end with the host’s streams: a call under way is answered', async () => {
  const { told, done } = work({ steps: 100 });
  await until('it has begun', () => told.length > 0);
  const closed = host.host.close();
  expect(await done).toMatchObject({ result: { steps: 100 } });
  await closed;
});
