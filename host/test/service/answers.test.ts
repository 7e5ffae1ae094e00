import type { ConnectorService } from '@automate/contract';
import type { AdapterHealth } from '@automate/sdk';
import { AuthFailedError, ConnectorAdapter } from '@automate/sdk';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const checks = { count: 0, connects: 0 };

class Refused extends ConnectorAdapter {
  readonly name = 'refused';
  readonly version = '1.0.0';
  async connect(): Promise<boolean> {
    throw new AuthFailedError('no such user');
  }
}

class Checked extends ConnectorAdapter {
  readonly name = 'checked';
  readonly version = '1.0.0';
  override readonly configSchema = z.object({
    colour: z.string().optional(),
    phrase: z.string().optional().meta({ writeOnly: true }),
  });
  async connect(): Promise<boolean> {
    checks.connects += 1;
    return true;
  }
  override async healthCheck(): Promise<AdapterHealth> {
    checks.count += 1;
    return { status: 'healthy', message: 'well' };
  }
}

describe('an answer', () => {
  let it_: SandboxHost;
  let service: ConnectorService;
  beforeAll(async () => {
    it_ = await SandboxHost.open({
      kinds: [],
      serve: false,
      register: [
        { kind: 'checked', adapter: Checked },
        { kind: 'refused', adapter: Refused },
        { kind: 'hanging', adapter: { entry: new URL('../runtime/fixtures/import-hangs.mjs', import.meta.url) } },
      ],
      yaml: `connectors:
  - { id: a, kind: checked, host: example.org, port: 8443, scheme: https, settings: { colour: blue, phrase: open sesame } }
  - { id: off, kind: checked, host: example.org, enabled: false }
  - { id: refused, kind: refused }
  - { id: hung, kind: hanging, enabled: false }
`,
    });
    service = it_.service;
  });
  afterAll(() => it_[Symbol.asyncDispose]());

  it('of how all are, as far as it is known, asks none of them', async () => {
    const known = await service.healthCheckAll({ cached: true });
    expect(known['a']).toMatchObject({ status: 'unknown', consecutiveFailures: 0 });
    expect(checks.count).toBe(0);
    await service.healthCheckAll();
    expect(checks.count).toBe(1);
    const report = (await service.healthCheckAll({ cached: true }))['a'];
    expect(report).toMatchObject({ status: 'healthy' });
    expect(checks.count).toBe(1);
  });

  it('of how one is connects it once, and asks it each time', async () => {
    await service.healthCheck('a');
    const { count, connects } = checks;
    for (let times = 0; times < 3; times += 1) await service.healthCheck('a');
    expect(checks).toEqual({ count: count + 3, connects });
  });

  it('of a test says what was tested, and how it went', async () => {
    const endpoint = 'https://example.org:8443';
    await expect(service.test('a')).resolves.toEqual({ id: 'a', endpoint, status: 'healthy', success: true });
    await expect(service.test('off')).resolves.toEqual({
      id: 'off',
      endpoint: 'http://example.org',
      status: 'unavailable',
      success: false,
      error: 'disabled',
    });
    await expect(service.test('refused')).resolves.toEqual({
      id: 'refused',
      endpoint: '',
      status: 'unhealthy',
      success: false,
      error: expect.stringMatching(/^credentials refused: .*no such user/),
    });
  });

  it.each([
    ['a registration', () => service.register(undefined as never)],
    ['an update', () => service.update('a' as never)],
    ['a call', () => service.execute(undefined as never)],
    ['a call without an action', () => service.execute({ id: 'a' } as never)],
    ['a call of text', () => service.executeText(null as never)],
    ['a call of text that is none', () => service.executeText({ id: 'a', action: 'b', payload: {} as never })],
  ])('to %s that is none says so, and is never thrown at its caller', async (_what, ask) => {
    await expect(ask()).rejects.toMatchObject({ code: 'INVALID_INPUT', effect: 'none' });
  });

  it('of a watch begins with what there is', async () => {
    const ids: unknown[] = [];
    for await (const event of service.watch()) {
      if (event.kind === 'synced') break;
      ids.push('connector' in event ? [event.kind, event.connector.id, event.connector.kind] : event.kind);
    }
    expect(ids).toEqual([
      ['added', 'a', 'checked'],
      ['added', 'hung', 'hanging'],
      ['added', 'off', 'checked'],
      ['added', 'refused', 'refused'],
    ]);
  });

  it('shows the settings of a kind that has described itself, but those that it calls secret', async () => {
    await service.describe('a');
    const { config } = await service.get('a');
    expect(config.settings).toEqual({ colour: 'blue', phrase: '[secret]' });
  });

  it('of a watch that nobody waits for any more is none', async () => {
    const events: unknown[] = [];
    for await (const event of service.watch({ signal: AbortSignal.abort() })) events.push(event);
    expect(events).toEqual([]);
  });

  it('that did not come in time names the connector', async () => {
    await expect(service.describe('hung', { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      connector: 'hung',
    });
  });
});

it('of a service that ends is that it ends, and then that it is closed', async () => {
  await using it_ = await SandboxHost.open({
    kinds: [],
    serve: false,
    register: [{ kind: 'echo', adapter: { entry: new URL('../fixtures/connectors/echo.js', import.meta.url) } }],
    yaml: 'connectors:\n  - { id: echo }\n',
  });
  const { service } = it_;
  const underWay = service.execute({ id: 'echo', action: 'wait', payload: { ms: 300 } });
  await service.execute({ id: 'echo', action: 'say', payload: { text: 'it is up' } });
  const closed = service[Symbol.asyncDispose]();
  await expect(service.list()).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'shutting_down' } });
  await expect(service.plugins()).rejects.toMatchObject({ details: { reason: 'shutting_down' } });
  await expect(underWay).resolves.toMatchObject({ result: { waited: 300 } });
  await closed;
  await expect(service.list()).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'closed' } });
});
