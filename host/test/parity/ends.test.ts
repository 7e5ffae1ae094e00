import { existsSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import type { CallOptions, ConnectorError, ConnectorService } from '@automate/contract';
import { CONNECTORS_SERVICE } from '@automate/contract/grpc';
import { create } from '@bufbuild/protobuf';
import { eventually } from '@automate/tooling/eventually';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { errorOf, frame, openStream } from '../transports/grpc/fixtures/http2-stream.ts';
import { openRawDoor } from './raw-door.ts';
import { playStep } from './scenario.ts';

const YAML = `
connectors:
  - { id: echo, retry: { attempts: 1 } }
  - { id: other, kind: echo, retry: { attempts: 1 } }
  - { id: hanging, kind: unreachable, settings: { how: hang }, health_check: { timeout: 60s } }
`;

const CALLS: Readonly<Record<string, (service: ConnectorService) => Promise<unknown>>> = {
  list: (service) => service.list(),
  get: (service) => service.get('other'),
  execute: (service) => service.execute({ id: 'other', action: 'say', payload: { text: 'a' } }),
  register: (service) => service.register({ id: 'mine', kind: 'echo' }),
  update: (service) => service.update({ id: 'mine', kind: 'echo' }),
  remove: (service) => service.remove('mine'),
  'health check': (service) => service.healthCheck('other'),
  'health check of all': (service) => service.healthCheckAll({ cached: true }),
  test: (service) => service.test('other'),
  'get outcome': (service) => service.getOutcome('other', 'k'),
  'clear outcome': (service) => service.clearOutcome('other', 'k'),
  rescan: (service) => service.rescanPlugins(),
  stats: (service) => service.getStats(),
  blame: (service) => service.blame(),
  profiles: (service) => service.listProfiles(),
  'set a profile': (service) => service.setProfile({ name: 'a', kind: 'echo' }),
  secrets: (service) => service.listSecrets(),
  'set a secret': (service) => service.setSecret({ namespace: 'a', name: 'b', value: 'c' }),
};

let host: SandboxHost;
let doors: Readonly<Record<'in process' | 'gRPC' | 'REST', ConnectorService>>;
beforeEach(async () => {
  host = await SandboxHost.open({ kinds: ['echo', 'unreachable'], yaml: YAML, env: { HEALTH_INTERVAL: '500h' } });
  doors = {
    'in process': host.service,
    gRPC: await connect({ address: host.host.grpcAddress ?? '' }),
    REST: openRestBackend(host.host.httpAddress ?? ''),
  };
});
afterEach(async () => {
  await doors.gRPC.close();
  await host[Symbol.asyncDispose]();
});

const kindsOf = async (service: ConnectorService, options?: CallOptions): Promise<readonly string[]> => {
  const kinds: string[] = [];
  for await (const { kind } of service.watch(options)) kinds.push(kind);
  return kinds;
};

describe('a host that ends', () => {
  it.each(['in process', 'gRPC', 'REST'] as const)(
    'takes nothing new at any door while a call that came %s ends, and says why, and that it can be tried again',
    async (way) => {
      const [began, gate] = ['began', 'gate'].map((name) => join(host.sandbox.root, name)) as [string, string];
      const underWay = doors[way].execute({ id: 'echo', action: 'wait', payload: { began, gate } });
      await eventually(() => existsSync(began));
      const closing = host.service.close();
      const ended = {
        code: 'UNAVAILABLE',
        retryable: true,
        effect: 'none',
        blame: 'operator',
        details: { reason: 'shutting_down' },
      };
      for (const [door, service] of Object.entries({ ...doors, raw: openRawDoor(host.host.grpcAddress ?? '') }))
        for (const [name, ask] of Object.entries(CALLS)) {
          const { answer, error } = await playStep(`${name}, ${door}`, () => ask(service));
          expect({ door, name, answer, error }).toEqual({ door, name, error: expect.objectContaining(ended) });
        }
      for (const service of [doors['in process'], doors.gRPC])
        await expect(kindsOf(service)).rejects.toMatchObject(ended);
      const status = async (path: string) => (await fetch(`${host.host.httpAddress}${path}`)).status;
      expect([await status('/health/live'), await status('/health/ready')]).toEqual([200, 503]);
      writeFileSync(gate, '');
      await expect(underWay).resolves.toMatchObject({ attempts: 1 });
      await closing;
      const closed = { code: 'UNAVAILABLE', retryable: false, details: { reason: 'closed' } };
      await expect(doors['in process'].list(5 as never, { timeoutMs: 'x' as never })).rejects.toMatchObject(closed);
      const unreachable = {
        ...ended,
        message: expect.stringMatching(/ECONNREFUSED [\d.:]+\.\)$/),
        details: { reason: 'service_unreachable', address: host.host.grpcAddress },
      };
      await expect(doors.gRPC.list()).rejects.toMatchObject(unreachable);
    },
  );

  it('ends the watches of all who watch, in good order', async () => {
    const watching = [doors['in process'], doors.gRPC].map(async (service) => {
      const kinds: string[] = [];
      const done = (async () => {
        for await (const { kind } of service.watch()) kinds.push(kind);
      })();
      await eventually(() => kinds.includes('synced'));
      return { kinds, done };
    });
    const watches = await Promise.all(watching);
    await host.host.close();
    for (const { kinds, done } of watches) {
      await done;
      expect(kinds.slice(0, 4)).toEqual(['added', 'added', 'added', 'synced']);
    }
  });

  it('and comes back under the same address is found again by those who had it open', async () => {
    const raw = openRawDoor(host.host.grpcAddress ?? '');
    await raw.list();
    const portOf = (address = ''): number => Number(new URL(`http://${address.replace('http://', '')}`).port);
    const flags = { grpcPort: portOf(host.host.grpcAddress), httpPort: portOf(host.host.httpAddress) };
    await host.host.close();
    for (const service of [doors.gRPC, doors.REST])
      await expect(service.list()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true, effect: 'none' });
    await using back = await host.restart(undefined, flags);
    const call = { id: 'echo', action: 'say', payload: { text: 'back' } };
    for (const service of [doors.gRPC, doors.REST, raw, back.service])
      await eventually(async () =>
        service.execute(call).then(
          ({ result }) => JSON.stringify(result).includes('back'),
          () => false,
        ),
      );
    const again = doors.gRPC.watch()[Symbol.asyncIterator]();
    expect((await again.next()).value).toMatchObject({ kind: 'added' });
    await again.return?.();
    await raw.close();
  });
});

describe('a caller', () => {
  it('that is done waiting is told how long it waited, the same at every door', async () => {
    const timeoutMs = 200;
    const words = async (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        (answer) => (answer as { readonly error?: string }).error,
        (error: Error) => error.message,
      );
    for (const service of Object.values(doors)) {
      expect(await words(service.healthCheck('hanging', { timeoutMs }))).toBe('no answer within 200 ms');
      expect(await words(service.test('hanging', { timeoutMs }))).toMatch(/no answer within 200 ms$/);
    }
    for (const service of [doors['in process'], doors.gRPC])
      expect(await words(kindsOf(service, { timeoutMs }))).toBe('the watch ended after 200 ms, as its caller wished');
  });

  it.each([
    ['nothing', null],
    ['a list', []],
    ['a text', '5s'],
    ['no time', { timeoutMs: 0 }],
    ['less than no time', { timeoutMs: -1 }],
    ['what is no time', { timeoutMs: NaN }],
    ['a time in words', { timeoutMs: '5s' }],
    ['what is no signal', { signal: {} }],
    ['what is no time, of one that has left', { timeoutMs: 'x', signal: AbortSignal.abort() }],
  ])('that watches with %s as options gets the same answer over gRPC as in process', async (_what, options) => {
    const [here, there] = await Promise.all(
      [doors['in process'], doors.gRPC].map((service) => playStep('watch', () => kindsOf(service, options as never))),
    );
    expect(there).toEqual(here);
  });

  it('that has left before it watches is told nothing', async () => {
    for (const service of [doors['in process'], doors.gRPC])
      expect(await kindsOf(service, { signal: AbortSignal.abort() })).toEqual([]);
  });

  it('that leaves a watch leaves without an error', async () => {
    for (const service of [doors['in process'], doors.gRPC]) {
      const leaving = new AbortController();
      const kinds: string[] = [];
      for await (const { kind } of service.watch({ signal: leaving.signal })) {
        kinds.push(kind);
        if (kind === 'synced') leaving.abort();
      }
      expect(kinds).toEqual(['added', 'added', 'added', 'synced']);
    }
  });

  it.each(['0H', '0S', '0m', '00000000n', '1n'])(
    'whose deadline "%s" of gRPC has passed is told so',
    async (timeout) => {
      const { path, input, requestSerialize } = CONNECTORS_SERVICE.listConnectors;
      const session = connectHttp2(`http://${host.host.grpcAddress}`);
      try {
        const stream = openStream(session, path, { 'grpc-timeout': timeout });
        const failure = errorOf(stream);
        stream.end(frame(requestSerialize(create(input))));
        const here = await doors['in process'].list({}, { timeoutMs: 0 }).catch((error: unknown) => error);
        expect(await failure).toMatchObject({ ...(here as ConnectorError).toEnvelope() });
      } finally {
        session.destroy();
      }
    },
  );
});
