// Long, as one table of forms and ways is tried at each level.
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ErrorEnvelope, JsonObject, Outcome } from '@automate/contract';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NetworkPolicy } from '../../dist/runtime/network-policy.js';
import type { ConnectorWorker, WorkerSpec } from '../../dist/runtime/runtime.js';
import { NO_REACH } from '../../dist/runtime/runtime.js';
import type { Bench } from './support.ts';
import { configOf, errorOf, ISOLATED, openBench, run, until, valueOf } from './support.ts';

/** What stands at the forbidden address, and counts who comes. */
interface Watch {
  readonly port: number;
  readonly visits: () => number;
  close(): Promise<void>;
}

/** TCP and UDP on one port, on all addresses of both families, and a socket in the file system. */
async function openWatch(path: string): Promise<Watch> {
  let visits = 0;
  const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}';
  const tcp = createServer((socket) => {
    visits += 1;
    socket
      .on('error', () => {})
      .resume()
      .end(answer);
  });
  tcp.listen(0, '::');
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket({ type: 'udp6' });
  udp.on('message', () => (visits += 1));
  udp.bind(port, '::');
  await once(udp, 'listening');
  const local = createServer((socket) => {
    visits += 1;
    socket
      .on('error', () => {})
      .resume()
      .end();
  });
  local.listen(path);
  await once(local, 'listening');
  return {
    port,
    visits: () => visits,
    async close() {
      udp.close();
      local.close();
      tcp.close();
      await once(tcp, 'close');
    },
  };
}

/** Forms of an address of this machine. Names are looked up by the system, which reads numbers as well. */
const FORMS = [
  '127.0.0.1',
  '127.1',
  '0x7f.1',
  '2130706433',
  '0177.0.0.1',
  '0.0.0.0',
  'localhost',
  'localhost.',
  '::1',
  '::',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  // Compatible, translated in three ways, and 6to4: what leads there where somebody translates.
  '::127.0.0.1',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::127.0.0.1',
  '2002:7f00:1::',
] as const;
/** As the host of an URL, which becomes one of them where it is read. */
const IN_URLS = [
  'LOCALHOST',
  '127.0.0.1.',
  '0x7f000001',
  '017700000001',
  '127.0.1',
  '127.0x0.0.01',
  '１２７.０.０.１',
  '127。0。0。1',
  '①②⑦.0.0.1',
  '%31%32%37.0.0.1',
  'ⓛocalhost',
  '0:0:0:0:0:ffff:7f00:0001',
] as const;

const inUrl = (host: string, port: number): string => `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;

describe.each(ISOLATED)('what a connector in a %s connects to', (body) => {
  let bench: Bench;
  let watch: Watch;
  let directory: string;
  let path: string;
  const worker = (policy: Partial<NetworkPolicy> | undefined, spec: Partial<WorkerSpec> = {}): ConnectorWorker =>
    bench.worker('reaching', {
      reach: { ...NO_REACH, read: [tmpdir()], write: [tmpdir()], network: true },
      ...(policy === undefined
        ? {}
        : { network: () => ({ allow: [], deny: [], own: [], closed: [], ...policy }) satisfies NetworkPolicy }),
      ...spec,
    });
  const reach = (it: ConnectorWorker, way: string, payload: JsonObject): Promise<Outcome<string>> =>
    run(it, way, { payload: JSON.stringify(payload) });
  const target = (host: string): JsonObject => ({ host, port: watch.port, url: inUrl(host, watch.port), path });

  beforeAll(async () => {
    bench = await openBench({ body });
    directory = mkdtempSync(join(tmpdir(), 'net-'));
    path = join(directory, 'a.sock');
    watch = await openWatch(path);
  });
  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
    await watch.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const refusedBy = (rule: string, way?: string): Partial<ErrorEnvelope> => ({
    code: 'FORBIDDEN',
    // It says nothing of why it failed, so that what the call did before is not known.
    effect: way === 'WebSocket' ? 'maybe' : 'none',
    blame: 'operator',
    retryable: false,
    details: expect.objectContaining({ reason: 'network_policy', rule }) as unknown as JsonObject,
  });

  const WAYS = [
    'net',
    'net without families',
    'tls',
    'http',
    'https',
    'ctx.http',
    'fetch',
    'WebSocket',
    'http2',
    'dgram',
    'dgram that is connected',
    'wrapped',
  ] as const;

  it('is refused where the host itself listens, in every form and by every way, before anything is sent', async () => {
    const guarded = worker({ own: [{ address: '::', port: watch.port }] });
    for (const way of WAYS)
      for (const host of await known(FORMS)) {
        const error = errorOf(await reach(guarded, way, target(host)));
        expect([way, host, error]).toEqual([way, host, expect.objectContaining(refusedBy('own port', way))]);
        expect(error.message).toMatch(/"reaching".*network: \{ allow: \["[^"]+"\] \}/);
      }
    for (const way of ['ctx.http', 'fetch', 'WebSocket', 'http2']) {
      for (const host of IN_URLS) {
        const error = errorOf(await reach(guarded, way, { ...target(host), url: inUrl(host, watch.port) }));
        expect([way, host, error]).toEqual([way, host, expect.objectContaining(refusedBy('own port', way))]);
      }
      // Some of them are refused as they are, before anybody looks where they lead.
      for (const before of ['user:password@', 'evil.test%40', 'evil.test%23@', 'evil.test\\@'])
        errorOf(await reach(guarded, way, { ...target(''), url: `http://${before}127.0.0.1:${watch.port}/` }));
    }
    expect(watch.visits()).toBe(0);
  });

  it('is reached by the same ways where nothing denies it, or a rule allows it by its address', async () => {
    const before = watch.visits();
    const ways = [
      'net',
      'net without families',
      'http',
      'ctx.http',
      'fetch',
      'dgram',
      ...(body === 'restricted' ? [] : ['a thread']),
    ];
    for (const guarded of [
      worker(undefined),
      worker({}),
      worker({ own: [{ address: '::', port: watch.port }], allow: [`127.0.0.1:${watch.port}`] }),
    ])
      for (const way of ways) valueOf(await reach(guarded, way, target('127.0.0.1')));
    valueOf(await reach(worker({}), 'net', target('::1')));
    // Sent is not yet received.
    await until('all have come', () => watch.visits() >= before + 3 * ways.length + 1);
  });

  it('is never a metadata or a link-local address, however it is written, for no name that is allowed', async () => {
    const guarded = worker({ allow: ['*', '*.test', 'localhost', '10.0.0.0/8'] });
    const forms = {
      metadata: [
        '169.254.169.254',
        '::ffff:169.254.169.254',
        '::ffff:a9fe:a9fe',
        '::169.254.169.254',
        '64:ff9b::a9fe:a9fe',
        '64:ff9b:1::a9fe:a9fe',
        '2002:a9fe:a9fe::',
        // Bits of the client are flipped.
        '2001:0:0808:0808:0:0:5601:5601',
        'fe80::5efe:a9fe:a9fe',
        'fd00:ec2::254',
        '100.100.100.200',
      ],
      'link-local': ['169.254.1.1', 'fe80::1', 'fe80::1%lo', '::ffff:169.254.1.1'],
    };
    for (const way of WAYS)
      for (const [rule, hosts] of Object.entries(forms))
        for (const host of hosts) {
          if (host.includes('%') && !['net', 'tls', 'dgram'].includes(way)) continue;
          const expected = host === 'fe80::5efe:a9fe:a9fe' ? 'link-local' : rule;
          const error = errorOf(await reach(guarded, way, { ...target(host), url: inUrl(host, 80), port: 80 }));
          expect([way, host, error]).toEqual([way, host, expect.objectContaining(refusedBy(expected, way))]);
        }
  });

  it('is held to deny and allow, by address, range, port, group and name; allow wins', async () => {
    const before = watch.visits();
    const { port } = watch;
    const outcomes: readonly (readonly [Partial<NetworkPolicy>, host: string, refused: string | undefined])[] = [
      [{ deny: ['127.0.0.0/8'] }, '127.0.0.1', '127.0.0.0/8'],
      [{ deny: ['127.0.0.0/8'] }, '::ffff:127.0.0.1', '127.0.0.0/8'],
      [{ deny: ['127.0.0.0/8'] }, '::1', undefined],
      [{ deny: [`127.0.0.1:${port}`] }, '127.0.0.1', `127.0.0.1:${port}`],
      [{ deny: ['127.0.0.1:1'] }, '127.0.0.1', undefined],
      [{ deny: ['loopback'] }, '::', 'loopback'],
      [{ deny: ['localhost'] }, 'localhost', 'localhost'],
      [{ deny: ['localhost'] }, '127.0.0.1', undefined],
      [{ deny: ['*'] }, '127.0.0.1', '*'],
      [{ deny: ['*'], allow: ['localhost'] }, 'localhost', undefined],
      [{ deny: ['*'], allow: [`loopback:${port}`] }, '127.0.0.1', undefined],
      [{ deny: ['*'], allow: ['loopback:1'] }, '127.0.0.1', '*'],
      // A rule of one port says nothing of a name before its port is known.
      [{ deny: ['127.0.0.1:1', '[::1]:1'] }, 'localhost', undefined],
      // Of the two that it may lead to only one is allowed.
      [{ deny: ['*'], allow: ['8.8.8.8'] }, '2001:0:0a00:0001:0:0:f7f7:f7f7', '*'],
    ];
    let visits = before;
    for (const [policy, host, refused] of outcomes) {
      const outcome = await reach(worker(policy), 'net', target(host));
      if (refused === undefined) visits += 1;
      const got = outcome.ok ? undefined : outcome.error.details?.['rule'];
      expect([policy, host, got]).toEqual([policy, host, refused]);
    }
    await until('all have come', () => watch.visits() === visits);
  });

  it('is judged by the name that it is connected to by, whatever other names stand for the same address', async () => {
    const before = watch.visits();
    // The system reads these as numbers; to all others they are names of one address.
    const guarded = worker({ deny: [`localhost:${watch.port}`] });
    for (const way of ['net', 'net without families', 'tls', 'http']) {
      const denied = await reach(guarded, 'net', target('localhost'));
      expect(errorOf(denied)).toMatchObject(refusedBy(`localhost:${watch.port}`));
      const other = await reach(guarded, way, target('127.1'));
      expect([way, other.ok || other.error.code !== 'FORBIDDEN']).toEqual([way, true]);
    }
    expect(watch.visits()).toBeGreaterThan(before);
    const own = worker({ own: [{ address: '127.0.0.1', port: watch.port }] });
    for (const host of ['0x7f.1', '127.1', '0x7f.1'])
      expect(errorOf(await reach(own, 'net', target(host))).message).toContain(`127.0.0.1:${watch.port} ("${host}")`);
  });

  it('is told to who hands over a function for datagrams, in the same sentence', async () => {
    const guarded = worker({ own: [{ address: '127.0.0.1', port: watch.port }] });
    for (const way of ['dgram and its word of it', 'dgram that is connected and its word of it'])
      for (const host of ['127.0.0.1', 'localhost'])
        expect([way, valueOf(await reach(guarded, way, target(host)))]).toEqual([
          way,
          {
            said: expect.stringMatching(
              /^the network policy keeps connector "reaching" from 127\.0\.0\.1:\d+.*network: \{ allow/,
            ),
          },
        ]);
  });

  it('of others than the operator is no loopback and no private address, unless that is allowed', async () => {
    const before = watch.visits();
    const guarded = worker({ registered: { allow: [], lenient: false } });
    for (const host of await known(FORMS))
      expect(errorOf(await reach(guarded, 'net', target(host)))).toMatchObject(refusedBy('loopback'));
    for (const host of [
      '10.1.2.3',
      '172.16.0.1',
      '192.168.1.1',
      '100.64.0.1',
      'fd12::1',
      '::ffff:10.0.0.1',
      '64:ff9b::a00:1',
    ])
      expect(errorOf(await reach(guarded, 'net', target(host)))).toMatchObject(refusedBy('private'));
    const error = errorOf(await reach(guarded, 'ctx.http', target('127.0.0.1')));
    expect(error.message).toContain(`network: { registered: { allow: ["127.0.0.1:${watch.port}"] } }`);
    // What lifts other rules does not lift this one.
    const other = worker({ allow: ['*'], registered: { allow: ['127.0.0.1:1'], lenient: false } });
    expect(errorOf(await reach(other, 'net', target('127.0.0.1')))).toMatchObject(refusedBy('loopback'));
    expect(watch.visits()).toBe(before);
    for (const allow of [['127.0.0.1'], ['localhost'], ['loopback']])
      valueOf(
        await reach(
          worker({ registered: { allow, lenient: false } }),
          'net',
          target(allow[0] === 'localhost' ? 'localhost' : '127.0.0.1'),
        ),
      );
    const lenient = worker({ registered: { allow: [], lenient: true } }, { id: 'lenient' });
    valueOf(await reach(lenient, 'net', target('127.0.0.1')));
    expect(
      bench.logs.filter(
        ({ connector, level, source }) => connector === 'lenient' && level === 'warn' && source === 'logger',
      ),
    ).toMatchObject([{ message: expect.stringContaining('network.registered.allow') as unknown as string }]);
    await until('all have come', () => watch.visits() === before + 4);
  });

  it('is what was looked at, where the name answers otherwise the second time, and by whatever looks it up', async () => {
    const before = watch.visits();
    const guarded = worker({ deny: ['127.0.0.0/8'] });
    const turns = { ...target('rebound.test'), addresses: ['203.0.113.1', '127.0.0.1'] };
    expect(errorOf(await reach(guarded, 'own lookup', { ...turns, addresses: ['127.0.0.1'] }))).toMatchObject(
      refusedBy('127.0.0.0/8'),
    );
    expect(
      errorOf(await reach(worker({ deny: ['127.0.0.0/8', '203.0.113.0/24'] }), 'own lookup, twice', turns)),
    ).toMatchObject(refusedBy('127.0.0.0/8'));
    expect(watch.visits()).toBe(before);
  });

  it('is the same for threads that it starts, and for servers that it has asked for names', async () => {
    const before = watch.visits();
    const guarded = worker({ own: [{ address: '127.0.0.1', port: watch.port }] });
    for (const way of body === 'restricted' ? ['a server of names'] : ['a thread', 'a server of names'])
      expect(errorOf(await reach(guarded, way, target('127.0.0.1'))).message).toContain('the network policy keeps');
    expect(watch.visits()).toBe(before);
  });

  it("is no socket in the file system among the host's own files, nor outside of the roots where others named it", async () => {
    const before = watch.visits();
    const files = (roots?: readonly string[]): Partial<WorkerSpec> => ({
      resolveConfig: () => ({
        config: configOf('reaching'),
        settings: {},
        files: { closed: [], ...(roots === undefined ? {} : { roots }) },
      }),
    });
    const way = 'a socket in the file system';
    // Closed to all: the container engine's would hand over the whole machine.
    if (body === 'restricted') {
      expect(errorOf(await reach(worker({}), way, target('')))).toMatchObject({ code: 'INTERNAL_ERROR' });
      expect(watch.visits()).toBe(before);
      return;
    }
    const link = join(directory, 'link.sock');
    symlinkSync(path, link);
    const refusals: readonly (readonly [Partial<NetworkPolicy>, readonly string[] | undefined, at: string])[] = [
      [{ closed: [directory] }, undefined, path],
      [{ closed: [path] }, [directory], path],
      [{ closed: [path] }, [directory], link],
      [{}, [], path],
      [{}, [join(directory, 'elsewhere')], path],
      [{}, [tmpdir()], '\0abstract'],
    ];
    for (const [policy, roots, at] of refusals) {
      const error = errorOf(await reach(worker(policy, files(roots)), way, { path: at }));
      expect([policy, roots, error]).toEqual([policy, roots, expect.objectContaining(refusedBy('files.roots'))]);
    }
    expect(watch.visits()).toBe(before);
    for (const roots of [undefined, [directory], [tmpdir()]])
      valueOf(await reach(worker({}, files(roots)), way, { path }));
    await until('all have come', () => watch.visits() === before + 3);
  });

  it('is refused with the reason in its log, once', async () => {
    const guarded = worker({ deny: ['loopback'] }, { id: 'talking' });
    for (let count = 0; count < 3; count += 1) await reach(guarded, 'net', target('127.0.0.1'));
    expect(
      bench.logs.filter(
        ({ connector, level, source }) => connector === 'talking' && level === 'warn' && source === 'logger',
      ),
    ).toMatchObject([
      {
        message: expect.stringContaining(
          'the network policy keeps connector "talking" from 127.0.0.1',
        ) as unknown as string,
      },
    ]);
  });

  it('cannot be had by putting back what stands in the way', async () => {
    const before = watch.visits();
    const guarded = worker({ deny: ['loopback'], allow: ['allowed.test'] });
    const error = errorOf(await reach(guarded, 'what it puts back', target('127.0.0.1')));
    expect(error.message).toContain('network policy');
    expect(error).toMatchObject(refusedBy('loopback'));
    expect(watch.visits()).toBe(before);
  });
});

/** Those of names that this system knows. */
async function known(forms: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    forms.map((host) =>
      lookup(host).then(
        () => [host],
        () => [],
      ),
    ),
  );
  return found.flat();
}
