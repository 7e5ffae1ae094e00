import { setTimeout as delay } from 'node:timers/promises';
import type { JsonObject } from '@automate/contract';
import { connect } from '@automate/client';
import { ConnectorAdapter, createConnectorError, TimeoutError } from '@automate/sdk';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { until } from '../runtime/support.ts';

/** What the remote system of this adapter was asked. */
let asked = 0;
let gate = Promise.resolve();

/** Fails with the code that the payload names, or waits for its gate. */
class Shaky extends ConnectorAdapter {
  readonly name = 'shaky';
  readonly version = '1.0.0';
  async connect(): Promise<boolean> {
    return true;
  }
  override async execute(action: string, { code, reason }: JsonObject) {
    asked += 1;
    if (action === 'wait') await gate;
    if (action === 'hang') throw new TimeoutError('no answer');
    if (typeof code === 'string')
      throw createConnectorError(
        code as never,
        `as wanted: ${code}`,
        typeof reason === 'string' ? { details: { reason } } : {},
      );
    return 'done';
  }
}

const YAML = `
connectors:
  - { id: shaky, circuit: { failures: 3, window: 10s, open: 700ms }, retry: { attempts: 1 } }
  - { id: defaults, kind: shaky, circuit: {}, retry: { attempts: 1 } }
  - { id: hasty, kind: shaky, circuit: { failures: 2, window: 20ms, open: 1h }, retry: { attempts: 1 } }
  - { id: trying, kind: shaky, circuit: { failures: 2, open: 1h }, retry: { attempts: 5, backoff: 1ms } }
  - { id: plain, kind: shaky, retry: { attempts: 1 } }
`;

let host: SandboxHost;
beforeEach(async () => {
  asked = 0;
  gate = Promise.resolve();
  host = await SandboxHost.open({ kinds: [], register: [{ kind: 'shaky', adapter: Shaky }], yaml: YAML });
});
afterEach(() => host[Symbol.asyncDispose]());

const call = (id: string, code?: string, action = 'do') =>
  host.service.execute({ id, action, payload: code === undefined ? {} : { code } });
const fail = (id: string, code = 'UPSTREAM_5XX') => call(id, code).catch((error: { code: string }) => error.code);
const OPEN = { code: 'UNAVAILABLE', blame: 'remote', effect: 'none', details: { reason: 'circuit_open' } };

describe('a circuit', () => {
  it('opens after so many failures of the remote system in a row, and keeps calls from it', async () => {
    for (const code of ['UPSTREAM_5XX', 'TIMEOUT', 'TRANSIENT_NETWORK']) expect(await fail('shaky', code)).toBe(code);
    const refused: unknown = await call('shaky').catch((error: unknown) => error);
    expect(refused).toMatchObject({ ...OPEN, message: expect.stringMatching(/failed 3 calls in a row.*as wanted/) });
    expect((refused as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(0);
    expect(asked).toBe(3);
    await delay(750);
    await expect(call('shaky')).resolves.toMatchObject({ result: 'done' });
    await expect(call('shaky')).resolves.toMatchObject({ result: 'done' });
  });

  it('lets a call through when its time is over, though somebody set the clock back', async () => {
    const now = Date.now;
    {
      using _early = jest.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000);
      for (let times = 0; times < 3; times += 1) await fail('shaky');
    }
    await expect(call('shaky')).rejects.toMatchObject(OPEN);
    await delay(750);
    await expect(call('shaky')).resolves.toMatchObject({ result: 'done' });
  });

  it('opens after five by default, and where none is configured never', async () => {
    for (let times = 0; times < 8; times += 1) await fail('defaults');
    expect(asked).toBe(5);
    for (let times = 0; times < 8; times += 1) await fail('plain');
    expect(asked).toBe(13);
  });

  it('opens neither for what the remote system answers, nor for what says nothing of it', async () => {
    for (const code of ['INVALID_INPUT', 'AUTH_FAILED', 'RATE_LIMITED', 'NOT_FOUND', 'INTERNAL_ERROR'])
      for (let times = 0; times < 3; times += 1) expect(await fail('shaky', code)).toBe(code);
    // An answer in between: it is not down.
    for (let times = 0; times < 4; times += 1) {
      await fail('shaky');
      await fail('shaky');
      await call('shaky');
    }
    await expect(call('shaky')).resolves.toMatchObject({ result: 'done' });
  });

  it('takes what the connector itself held back for no answer of the remote system', async () => {
    await fail('shaky');
    await fail('shaky');
    const payload = { code: 'RATE_LIMITED', reason: 'held_back' };
    await expect(host.service.execute({ id: 'shaky', action: 'do', payload })).rejects.toMatchObject({
      code: 'RATE_LIMITED',
    });
    await fail('shaky');
    await expect(call('shaky')).rejects.toMatchObject(OPEN);
  });

  it('forgets failures that are older than its window, and time-outs of callers in a hurry', async () => {
    for (let times = 0; times < 4; times += 1) {
      await fail('hasty');
      await delay(40);
    }
    expect(await fail('hasty')).toBe('UPSTREAM_5XX');
    const hurried = { id: 'defaults', action: 'hang' };
    for (let times = 0; times < 8; times += 1)
      await expect(host.service.execute(hurried, { timeoutMs: 500 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    await expect(call('defaults')).resolves.toMatchObject({ result: 'done' });
  });

  it('lets one call go first when its time is over, and stays open where that one fails', async () => {
    for (let times = 0; times < 3; times += 1) await fail('shaky');
    await delay(750);
    const opened = Promise.withResolvers<void>();
    gate = opened.promise;
    const first = call('shaky', 'UPSTREAM_5XX', 'wait').catch((error: { code: string }) => error.code);
    await until('the first has come', () => asked === 4);
    await expect(call('shaky')).rejects.toMatchObject(OPEN);
    opened.resolve();
    expect(await first).toBe('UPSTREAM_5XX');
    await expect(call('shaky')).rejects.toMatchObject(OPEN);
    expect(asked).toBe(4);
  });

  it('hears nothing of what it let through before it opened', async () => {
    const opened = Promise.withResolvers<void>();
    gate = opened.promise;
    const before = call('shaky', undefined, 'wait');
    await until('it has come', () => asked === 1);
    for (let times = 0; times < 3; times += 1) await fail('shaky');
    opened.resolve();
    await expect(before).resolves.toMatchObject({ result: 'done' });
    await expect(call('shaky')).rejects.toMatchObject(OPEN);
    expect(asked).toBe(4);
  });

  it('lets another go first where that one said nothing of the remote system', async () => {
    for (let times = 0; times < 3; times += 1) await fail('shaky');
    await delay(750);
    expect(await fail('shaky', 'INVALID_INPUT')).toBe('INVALID_INPUT');
    await expect(call('shaky')).resolves.toMatchObject({ result: 'done' });
  });

  it('counts each try of a call, and ends the tries of one', async () => {
    await expect(call('trying', 'TRANSIENT_NETWORK')).rejects.toMatchObject({ code: 'TRANSIENT_NETWORK', attempts: 1 });
    await expect(call('trying', 'TRANSIENT_NETWORK')).rejects.toMatchObject({ code: 'TRANSIENT_NETWORK', attempts: 1 });
    await expect(call('trying')).rejects.toMatchObject(OPEN);
    expect(asked).toBe(2);
  });

  it('is seen in health, in lists, in the log, in metrics and by those who watch', async () => {
    const leaving = new AbortController();
    await host.service.healthCheck('shaky');
    const seen: string[] = [];
    const watched = (async () => {
      for await (const event of host.service.watch({ signal: leaving.signal }))
        if (event.kind === 'status') seen.push(`${event.connector.id} ${event.connector.status}`);
    })();
    await expect(host.service.healthCheck('shaky')).resolves.toMatchObject({ status: 'healthy', circuit: 'closed' });
    for (let times = 0; times < 3; times += 1) await fail('shaky');
    await using client = await connect({ address: host.host.grpcAddress ?? '' });
    const rest = openRestBackend(host.host.httpAddress ?? '');
    for (const service of [host.service, client, rest]) {
      const { shaky, plain } = await service.healthCheckAll({ cached: true });
      expect(shaky).toMatchObject({ status: 'unhealthy', blame: 'remote', circuit: 'open' });
      expect(plain).not.toHaveProperty('circuit');
      const { connector } = await service.get('shaky');
      expect(connector.lastError).toMatch(/^circuit open: the remote system failed 3 calls in a row/);
    }
    const metrics = async (): Promise<string> => (await fetch(`${host.host.httpAddress ?? ''}/metrics`)).text();
    expect(await metrics()).toMatch(/automate_circuit_state\{connector="shaky",state="open"\} 1/);
    await delay(750);
    await call('shaky');
    await expect(host.service.healthCheckAll({ cached: true })).resolves.toMatchObject({
      shaky: { status: 'healthy', circuit: 'closed' },
    });
    expect(await metrics()).toMatch(/automate_circuit_opened_total\{connector="shaky"\} 1/);
    leaving.abort();
    await watched;
    expect(seen.filter((each) => each.startsWith('shaky'))).toEqual(['shaky unhealthy', 'shaky healthy']);
    expect(host.logText).toMatch(/"event":"circuit_open"[^\n]*as wanted[\s\S]*"event":"circuit_closed"/);
  });

  it('stays open over an edit of something else, and begins anew with settings of its own or at another place', async () => {
    const mine = { id: 'mine', kind: 'shaky', circuit: { failures: 2, openMs: 3_600_000 }, retry: { attempts: 1 } };
    await host.service.register(mine);
    for (let times = 0; times < 2; times += 1) await fail('mine');
    await host.service.update({ ...mine, name: 'another' });
    await expect(call('mine')).rejects.toMatchObject(OPEN);
    await host.writeConfig(YAML.replace('id: hasty', 'id: hastier'));
    await host.host.reload();
    await expect(call('mine')).rejects.toMatchObject(OPEN);
    expect(asked).toBe(2);
    await host.service.update({ ...mine, host: '127.0.0.1' });
    await expect(call('mine')).resolves.toMatchObject({ result: 'done' });
    for (let times = 0; times < 2; times += 1) await fail('mine');
    await host.service.update({ ...mine, host: '127.0.0.1', settings: { base_url: 'http://127.0.0.1' } });
    await expect(call('mine')).resolves.toMatchObject({ result: 'done' });
    for (let times = 0; times < 2; times += 1) await fail('mine');
    await host.service.update({ ...mine, host: '127.0.0.1', circuit: { failures: 2 } });
    await expect(call('mine')).resolves.toMatchObject({ result: 'done' });
    for (let times = 0; times < 2; times += 1) await fail('mine');
    await host.service.remove('mine');
    await host.service.register(mine);
    await expect(call('mine')).resolves.toMatchObject({ result: 'done' });
  });

  it('is cut short by a test that succeeds, after which one call goes first', async () => {
    for (let times = 0; times < 5; times += 1) await fail('defaults');
    await expect(call('defaults')).rejects.toMatchObject(OPEN);
    await expect(host.service.test('defaults')).resolves.toMatchObject({ success: true });
    await expect(call('defaults')).resolves.toMatchObject({ result: 'done' });
  });
});
