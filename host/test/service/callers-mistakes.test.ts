import type { CallOptions, ConnectorService } from '@automate/contract';
import { connect } from '@automate/client';
import { describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const YAML = 'connectors:\n  - { id: echo, retry: { attempts: 1 } }\n';

const DOORS = {
  'in process': async (it: SandboxHost) => it.host.service,
  'over gRPC': (it: SandboxHost) => connect({ address: it.host.grpcAddress ?? '' }),
} as const;

const CALLS: Readonly<Record<string, (service: ConnectorService, options: CallOptions) => Promise<unknown>>> = {
  list: (service, options) => service.list({}, options),
  get: (service, options) => service.get('echo', options),
  describe: (service, options) => service.describe('echo', options),
  register: (service, options) => service.register({ id: 'mine', kind: 'echo' }, options),
  update: (service, options) => service.update({ id: 'mine', kind: 'echo' }, options),
  remove: (service, options) => service.remove('mine', options),
  'health check': (service, options) => service.healthCheck('echo', options),
  'health check of all': (service, options) => service.healthCheckAll({}, options),
  test: (service, options) => service.test('echo', options),
  execute: (service, options) => service.execute({ id: 'echo', action: 'say', payload: { text: 'x' } }, options),
  plugins: (service, options) => service.plugins(options),
  'description of a kind': (service, options) => service.describeKind('echo', options),
  rescan: (service, options) => service.rescanPlugins(options),
  'list of secrets': (service, options) => service.listSecrets(options),
  'setting of a secret': (service, options) => service.setSecret({ namespace: 'a', name: 'b', value: 'c' }, options),
  'removal of a secret': (service, options) => service.removeSecret({ namespace: 'a', name: 'b' }, options),
};

describe('a caller in process', () => {
  const waiting = Object.entries(CALLS).filter(([name]) => !['list', 'get', 'plugins'].includes(name));
  it.each(waiting)('that leaves while it waits for %s is told so', async (name, ask) => {
    await using it = await SandboxHost.open({ kinds: ['echo'], yaml: YAML, serve: false });
    if (name === 'update' || name === 'remove') await it.service.register({ id: 'mine', kind: 'echo' });
    const leaving = new AbortController();
    const asked = ask(it.service, { signal: leaving.signal });
    leaving.abort();
    await expect(asked).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe.each(Object.entries(DOORS))('a caller %s', (_name, open) => {
  it.each(Object.entries(CALLS))('that asks %s without time, patience or sense is told so', async (_call, ask) => {
    await using it = await SandboxHost.open({ kinds: ['echo'], yaml: YAML });
    await using service = await open(it);
    await expect(ask(service, { timeoutMs: 0 })).rejects.toMatchObject({ code: 'TIMEOUT', effect: 'none' });
    await expect(ask(service, { timeoutMs: -5 })).rejects.toMatchObject({ code: 'TIMEOUT', effect: 'none' });
    for (const timeoutMs of [Number.NaN, '30s' as never])
      await expect(ask(service, { timeoutMs })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        problems: [{ path: 'timeout_ms' }],
      });
    await expect(ask(service, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(service.get('mine')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('that waits for ever, or for longer than timers reach, is answered', async () => {
    await using it = await SandboxHost.open({ kinds: ['echo'], yaml: YAML });
    await using service = await open(it);
    for (const timeoutMs of [Infinity, 2 ** 31, Number.MAX_SAFE_INTEGER])
      for (const [name, ask] of Object.entries(CALLS)) {
        if (name === 'update') continue;
        await expect(ask(service, { timeoutMs })).resolves.toBeDefined();
      }
  });

  it('that filters by a type that there is not is refused', async () => {
    await using it = await SandboxHost.open({ kinds: ['echo'], yaml: YAML });
    await using service = await open(it);
    const refused = {
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/^type: expected one of observability, .* received "queue"$/),
      problems: [{ path: 'type' }],
    };
    await expect(service.list({ type: 'queue' as never })).rejects.toMatchObject(refused);
    await expect(service.healthCheckAll({ type: 'queue' as never })).rejects.toMatchObject(refused);
  });

  it.each(Object.entries(CALLS))('that asks %s of a service it has closed is told so', async (_call, ask) => {
    await using it = await SandboxHost.open({ kinds: ['echo'], yaml: YAML });
    const service = await open(it);
    await service.close();
    const closed = { code: 'UNAVAILABLE', retryable: false, effect: 'none', details: { reason: 'closed' } };
    const watch = async (options: unknown): Promise<void> => {
      for await (const event of service.watch(options as never)) expect(event).toBe('none');
    };
    // That it is closed comes before all that is wrong with a call.
    for (const options of [{}, { timeoutMs: 0 }, { timeoutMs: NaN }, null, [], 'x']) {
      await expect(ask(service, options as never)).rejects.toMatchObject(closed);
      await expect(watch(options)).rejects.toMatchObject(closed);
    }
    await expect(ask(service, { signal: AbortSignal.abort() })).rejects.toMatchObject(closed);
    await expect(service.execute(null as never)).rejects.toMatchObject(closed);
    await service.close();
  });
});
