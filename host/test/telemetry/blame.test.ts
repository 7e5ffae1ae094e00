import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BlameEntry, ConnectorStats } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const YAML = `
connectors:
  - { id: leaky, kind: troubled, limits: { memory_mb: 1024 }, settings: { how: leak, mb_per_second: 8 } }
  - { id: buffers, kind: troubled, isolation: process, limits: { memory_mb: 1024 }, settings: { how: leak_buffers, mb_per_second: 8 } }
  - { id: spinner, kind: troubled, settings: { how: spin, share: 0.4 } }
  - { id: apart, kind: troubled, isolation: process, settings: { how: spin, share: 0.4 } }
  - { id: well, kind: troubled, retry: { attempts: 1 } }
  - { id: dying, kind: troubled, retry: { attempts: 1 } }
  - { id: stuck, kind: troubled, retry: { attempts: 1 }, limits: { timeout: 200ms } }
  - { id: blocked, kind: troubled, retry: { attempts: 1 }, limits: { timeout: 200ms } }
  - { id: refused, kind: troubled, retry: { attempts: 1 } }
  - { id: nothing, kind: not_installed }
  - { id: paused, kind: troubled }
  - { id: disabled, kind: troubled, enabled: false }
`;

let host: SandboxHost;
beforeAll(async () => {
  host = await SandboxHost.open({
    kinds: [],
    yaml: YAML,
    env: { HEALTH_INTERVAL: '500h' },
    sampleMs: 250,
    prepare: async (sandbox) => {
      const source = await readFile(join(import.meta.dirname, '../fixtures/connectors/troubled.js'), 'utf8');
      await sandbox.addConnector({ kind: 'troubled', source, packageJson: { version: '3.2.1' } });
    },
  });
  await host.service.healthCheckAll();
}, 60_000);
afterAll(() => host?.[Symbol.asyncDispose]());

const call = (id: string, action: string, payload = {}): Promise<unknown> =>
  host.service.execute({ id, action, payload }).catch((error: unknown) => error);
const statsOf = async (id: string): Promise<ConnectorStats | undefined> =>
  (await host.service.getStats()).connectors.find((each) => each.id === id);
const entry = async (connector: string, fault: BlameEntry['fault']): Promise<BlameEntry | undefined> =>
  (await host.service.blame()).entries.find((each) => each.connector === connector && each.fault === fault);

describe('the statistics', () => {
  it('tell of each connector what its worker uses', async () => {
    const stats = await eventually(
      () => statsOf('apart'),
      (now) => (now?.worker?.cpuShare ?? 0) > 0.1,
    );
    expect(stats).toMatchObject({
      kind: 'troubled',
      version: '3.2.1',
      isolation: 'process',
      status: 'healthy',
      restarts: 0,
      crashes: 0,
      worker: { memoryLimitBytes: 128 * 2 ** 20, loopLagMs: expect.any(Number) },
    });
    const { worker } = stats as ConnectorStats;
    expect(worker?.memoryBytes).toBeGreaterThan(1e6);
    expect(Date.parse(worker?.since ?? '')).toBeLessThanOrEqual(Date.now());
    // Its own start, which it was busy with as well, leaves the window by and by.
    await eventually(
      async () => [await statsOf('well'), await statsOf('apart')] as const,
      ([idle, busy]) => (idle?.worker?.cpuShare ?? Infinity) < (busy?.worker?.cpuShare ?? 0) / 2,
    );
    expect((await statsOf('nothing'))?.worker).toBeUndefined();
  });

  it('count the calls of the last looks, by how they ended and how long they took', async () => {
    for (let count = 0; count < 5; count++) await call('well', 'work');
    await call('well', 'wait', { ms: 300 });
    await call('well', 'dance');
    const leaving = new AbortController();
    const request = { id: 'well', action: 'wait', payload: { ms: 60_000 } };
    const waiting = host.service.execute(request, { signal: leaving.signal }).catch(() => undefined);
    const stats = await statsOf('well');
    expect(stats).toMatchObject({ calls: 7, errors: { INVALID_INPUT: 1 }, inFlight: 1 });
    expect(stats?.callsPerSecond).toBeGreaterThan(0);
    expect(stats?.p50Ms).toBeLessThan(250);
    expect(stats?.p99Ms).toBeGreaterThan(250);
    leaving.abort();
    await waiting;
    // What is older than the window is told no more.
    await eventually(
      () => statsOf('well'),
      (now) => now?.calls === 0 && now.p50Ms === undefined,
    );
  });
});

describe('a thread that is blocked outside JavaScript', () => {
  it('is named, and what its connector uses from then on is told all the same', async () => {
    await eventually(
      () => statsOf('blocked'),
      (now) => now?.worker?.cpuShare !== undefined,
    );
    await call('blocked', 'block', { seconds: 6 });
    expect(await eventually(() => entry('blocked', 'blocked_threads'))).toMatchObject({ blame: 'operator', amount: 1 });
    await host.service.test('blocked');
    const first = (await statsOf('blocked'))?.worker?.since;
    const next = await eventually(
      () => statsOf('blocked'),
      (now) => now?.worker?.cpuShare !== undefined,
    );
    expect(next?.worker?.since).toBe(first);
    expect((await entry('blocked', 'blocked_threads'))?.message).toContain('isolation: process');
  });
});

describe('the ledger', () => {
  it.each(['leaky', 'buffers'])('names %s, whose memory grows', async (id) => {
    const found = await eventually(() => entry(id, 'memory_growth'));
    expect(found).toMatchObject({ blame: 'plugin', version: '3.2.1', kind: 'troubled' });
    expect(found?.amount).toBeGreaterThan(100 * 2 ** 20);
    expect(found?.message).toContain(`"${id}" grows by`);
  });

  it.each(['spinner', 'apart'])('names %s, which spins although nobody calls it', async (id) => {
    const found = await eventually(() => entry(id, 'cpu'));
    expect(found).toMatchObject({ blame: 'plugin', version: '3.2.1' });
    expect(found?.message).toContain('while nobody called it');
  });

  it('names the version that died, how often, since when and why', async () => {
    const before = Date.now();
    await call('dying', 'crash');
    const first = await eventually(() => entry('dying', 'crashes'));
    expect(Date.parse(first?.since ?? '')).toBeGreaterThanOrEqual(before);
    await host.service.test('dying');
    await call('dying', 'crash');
    const second = await eventually(
      () => entry('dying', 'crashes'),
      (now) => now?.amount === 2,
    );
    expect(second).toMatchObject({ blame: 'plugin', version: '3.2.1', since: first?.since });
    expect(second?.message).toContain('died 2 times');
    expect((await statsOf('dying'))?.crashes).toBe(2);
  });

  it('names what does not answer, what is refused and what is missing, each with who must act', async () => {
    await call('stuck', 'wait', { ms: 5000 });
    await call('refused', 'refuse');
    expect(await entry('stuck', 'timeouts')).toMatchObject({ amount: 1 });
    expect(await entry('refused', 'errors')).toMatchObject({
      blame: 'operator',
      message: expect.stringContaining('AUTH_FAILED 1'),
    });
    expect(await entry('nothing', 'unhealthy')).toMatchObject({
      blame: 'operator',
      message: expect.stringContaining('not_installed'),
    });
  });

  it('names nobody for calls of what somebody paused or disabled, nor for those whose caller left', async () => {
    await host.service.pause('paused');
    expect(await call('paused', 'work')).toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'paused' } });
    expect(await call('disabled', 'work')).toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'disabled' } });
    await host.service.resume('paused');
    const leaving = new AbortController();
    const waiting = host.service
      .execute({ id: 'paused', action: 'wait', payload: { ms: 60_000 } }, { signal: leaving.signal })
      .catch((error: unknown) => error);
    await eventually(
      () => statsOf('paused'),
      (now) => now?.inFlight === 1,
    );
    leaving.abort();
    expect(await waiting).toMatchObject({ code: 'CANCELLED' });
    // They are counted all the same.
    expect(await statsOf('paused')).toMatchObject({ calls: 2, errors: { UNAVAILABLE: 1, CANCELLED: 1 } });
    const { entries } = await host.service.blame();
    expect(entries.filter(({ connector }) => connector === 'paused' || connector === 'disabled')).toEqual([]);
    // What is wrong with a call is said still.
    await call('paused', 'dance');
    expect(await entry('paused', 'errors')).toMatchObject({ blame: 'caller', amount: 1 });
  });

  it('puts the gravest first, and does not name who does well', async () => {
    const { entries } = await host.service.blame();
    expect(entries.filter(({ connector, blame }) => connector === 'well' && blame !== 'caller')).toEqual([]);
    const faults = entries.map(({ fault }) => fault);
    expect(faults[0]).toBe('crashes');
    expect(faults.indexOf('memory_growth')).toBeLessThan(faults.indexOf('cpu'));
  });

  it('says since when, and forgets what has ended', async () => {
    const since = (await eventually(() => entry('spinner', 'cpu')))?.since;
    await eventually(
      () => entry('refused', 'errors'),
      (now) => now === undefined,
    );
    expect((await entry('spinner', 'cpu'))?.since).toBe(since);
  });
});
