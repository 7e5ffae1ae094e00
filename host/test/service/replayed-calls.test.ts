// Long, as each thing that can come between a call and its key is a line of its own, at each door.
import { createHash } from 'node:crypto';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallOptions, ConnectorService, JsonObject, Principal, Scope } from '@automate/contract';
import { UpstreamError } from '@automate/contract';
import { connect } from '@automate/client';
import { ConnectorAdapter } from '@automate/sdk';
import type { CallContext } from '@automate/sdk';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { authorise } from '../../dist/access/authorise.js';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { until } from '../runtime/support.ts';

/** What the remote system of these adapters was asked, with the key that came along. */
const asked: { readonly action: string; readonly key: string | undefined }[] = [];
let gate = Promise.resolve();

/** Does what the action says; a change that happened has been counted. */
class Plain extends ConnectorAdapter {
  readonly name: string = 'plain';
  readonly version = '1.0.0';
  async connect(): Promise<boolean> {
    return true;
  }
  override async execute(action: string, payload: JsonObject, { idempotencyKey }: CallContext) {
    asked.push({ action, key: idempotencyKey });
    if (action === 'wait') await gate;
    if (action === 'fail') throw new UpstreamError('503', { effect: payload['effect'] === 'none' ? 'none' : 'maybe' });
    if (action === 'large') return (payload['of'] === 'ü' ? 'ü' : 'x').repeat(Number(payload['bytes']));
    return { count: asked.length };
  }
}

class Passing extends Plain {
  override readonly name = 'passing';
  override readonly capabilities = { idempotencyKey: true };
}

const YAML = `
connectors:
  - { id: plain, retry: { attempts: 3, backoff: 1ms } }
  - { id: passing, retry: { attempts: 3, backoff: 1ms } }
  - { id: hasty, kind: plain, limits: { idempotency_ttl: 50ms } }
`;

const DOORS: Readonly<Record<string, (it: SandboxHost) => Promise<ConnectorService>>> = {
  'in process': async (it) => it.service,
  'over gRPC': (it) => connect({ address: it.host.grpcAddress ?? '' }),
  'over REST': async (it) => openRestBackend(it.host.httpAddress ?? ''),
};

let host: SandboxHost;
beforeEach(async () => {
  asked.length = 0;
  gate = Promise.resolve();
  host = await SandboxHost.open({
    kinds: [],
    register: [
      { kind: 'plain', adapter: Plain },
      { kind: 'passing', adapter: Passing },
    ],
    yaml: YAML,
  });
});
afterEach(() => host[Symbol.asyncDispose]());

describe.each(Object.entries(DOORS))('a call with an idempotency key %s', (_name, open) => {
  let service: ConnectorService;
  beforeEach(async () => {
    service = await open(host);
  });
  afterEach(() => service.close());
  const call = (action: string, payload: JsonObject, idempotencyKey: string, id = 'plain') =>
    service.execute({ id, action, payload, idempotencyKey });

  it('is made once, and answered as the first time whenever it comes again', async () => {
    const payload = { to: 'a', ü: ['€'] };
    await expect(call('change', payload, 'k')).resolves.toMatchObject({ result: { count: 1 }, replayed: false });
    for (const round of [1, 2])
      await expect(call('change', payload, 'k')).resolves.toMatchObject({
        result: { count: 1 },
        replayed: true,
        attempts: round > 0 ? 1 : 0,
      });
    await expect(call('change', payload, 'other')).resolves.toMatchObject({ result: { count: 2 }, replayed: false });
    await expect(call('change', payload, 'k', 'passing')).resolves.toMatchObject({ result: { count: 3 } });
    expect(asked.map(({ key }) => key)).toEqual([undefined, undefined, 'k']);
  });

  it('is refused where the key stands for another call', async () => {
    await call('change', { to: 'a' }, 'k');
    for (const [action, payload] of [
      ['change', { to: 'b' }],
      ['send', { to: 'a' }],
    ] as const)
      await expect(call(action, payload, 'k')).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        effect: 'none',
        details: { reason: 'key_reused' },
        problems: [{ path: 'idempotency_key' }],
      });
    expect(asked).toHaveLength(1);
  });

  it('is answered with the same error where it may have taken effect, and is made anew where it has not', async () => {
    const failed = await call('fail', {}, 'k').catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'UPSTREAM_5XX', effect: 'maybe', attempts: 1 });
    await expect(call('fail', {}, 'k')).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      effect: 'maybe',
      attempts: 1,
      message: (failed as Error).message,
      details: { replayed: true },
    });
    expect(asked).toHaveLength(1);
    for (const round of [1, 2]) {
      await expect(call('fail', { effect: 'none' }, 'none')).rejects.toMatchObject({ attempts: 3 });
      expect(asked).toHaveLength(1 + 3 * round);
    }
    await expect(call('sing', {}, 'none')).resolves.toMatchObject({ replayed: false });
  });

  it('is repeated for the key only where the remote system knows the key too', async () => {
    await expect(call('fail', {}, 'k', 'passing')).rejects.toMatchObject({ attempts: 3 });
    expect(asked.map(({ key }) => key)).toEqual(['k', 'k', 'k']);
  });

  it('is told to come back while it runs, and cannot be cleared', async () => {
    const opened = Promise.withResolvers<void>();
    gate = opened.promise;
    const first = call('wait', {}, 'k');
    await until('the call has come', () => asked.length === 1);
    const running = { code: 'ALREADY_EXISTS', retryable: true, details: { reason: 'in_progress' }, retryAfterMs: 1000 };
    await expect(call('wait', {}, 'k')).rejects.toMatchObject(running);
    await expect(call('wait', { other: true }, 'k')).rejects.toMatchObject({ details: { reason: 'key_reused' } });
    await expect(service.clearOutcome('plain', 'k')).rejects.toMatchObject(running);
    await expect(service.getOutcome('plain', 'k')).resolves.toMatchObject({ status: 'running', action: 'wait' });
    opened.resolve();
    const { result } = await first;
    await expect(call('wait', {}, 'k')).resolves.toMatchObject({ result, replayed: true });
  });

  it('keeps results of 64 KiB whole, and of larger ones what they were', async () => {
    for (const bytes of [65_534, 65_535]) {
      const kept = bytes === 65_534;
      const text = JSON.stringify('x'.repeat(bytes));
      await expect(call('large', { bytes }, `k${bytes}`)).resolves.toMatchObject({ result: 'x'.repeat(bytes) });
      const again = await call('large', { bytes }, `k${bytes}`);
      expect(again).toMatchObject({ replayed: true, result: kept ? 'x'.repeat(bytes) : null });
      expect(again.resultDropped).toBe(kept ? undefined : true);
      const outcome = await service.getOutcome('plain', `k${bytes}`);
      expect(outcome.resultSha256).toBe(kept ? undefined : createHash('sha256').update(text).digest('hex'));
    }
    expect(asked).toHaveLength(2);
    // Bytes, not letters.
    await call('large', { bytes: 33_000, of: 'ü' }, 'wide');
    expect(await call('large', { bytes: 33_000, of: 'ü' }, 'wide')).toMatchObject({
      result: null,
      resultDropped: true,
    });
  });

  it('can be asked for and cleared, after which its key is free', async () => {
    const key = 'a/b?c#d%2F..';
    await call('change', { to: 'a' }, key);
    const outcome = await service.getOutcome('plain', key);
    expect(outcome).toMatchObject({
      connector: 'plain',
      key,
      action: 'change',
      status: 'succeeded',
      attempts: 1,
      result: { count: 1 },
      payloadSha256: createHash('sha256').update('{"to":"a"}').digest('hex'),
    });
    const keptMs = Date.parse(outcome.expiresAt ?? '') - Date.parse(outcome.endedAt ?? '');
    expect(Math.abs(keptMs - 86_400_000)).toBeLessThan(10_000);
    await expect(service.clearOutcome('plain', key)).resolves.toMatchObject({ id: 'plain' });
    for (const gone of [service.getOutcome('plain', key), service.clearOutcome('plain', key)])
      await expect(gone).rejects.toMatchObject({ code: 'NOT_FOUND', connector: 'plain' });
    await expect(call('change', { to: 'b' }, key)).resolves.toMatchObject({ result: { count: 2 }, replayed: false });
    await expect(service.getOutcome('nobody', key)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('what is kept of calls with idempotency keys', () => {
  const call = (id: string, idempotencyKey: string, options: CallOptions = {}) =>
    host.service.execute({ id, action: 'change', idempotencyKey }, options);

  it('is of the principal that called', async () => {
    const by = (name: string): { readonly principal: Principal } => ({ principal: { name, scopes: ['admin'] } });
    await expect(call('plain', 'k', by('ann'))).resolves.toMatchObject({ result: { count: 1 } });
    await expect(call('plain', 'k', by('bob'))).resolves.toMatchObject({ result: { count: 2 }, replayed: false });
    await expect(call('plain', 'k')).resolves.toMatchObject({ result: { count: 3 }, replayed: false });
    await expect(call('plain', 'k', by('ann'))).resolves.toMatchObject({ result: { count: 1 }, replayed: true });
    await host.service.clearOutcome('plain', 'k', by('ann'));
    await expect(host.service.getOutcome('plain', 'k', by('bob'))).resolves.toMatchObject({ result: { count: 2 } });
  });

  it.each(Object.keys(DOORS))('is seen and cleared by an admin for another, %s, and by nobody else', async (door) => {
    const by = (name: string, scope: Scope): CallOptions => ({ principal: { name, scopes: [scope] } });
    await call('plain', 'k', by('ann', 'execute'));
    const service = await (DOORS[door] as (typeof DOORS)[string])(host);
    const ofAnn = { key: 'k', principal: 'ann' };
    await expect(service.getOutcome('plain', ofAnn)).resolves.toMatchObject({ key: 'k', result: { count: 1 } });
    await expect(service.clearOutcome('plain', ofAnn)).resolves.toMatchObject({ id: 'plain' });
    await expect(service.getOutcome('plain', ofAnn)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(service.getOutcome('plain', { key: 'k', principal: '' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    if (door !== 'in process') return service.close();
    await call('plain', 'k', by('ann', 'execute'));
    const guarded = authorise(service, {});
    await expect(guarded.getOutcome('plain', ofAnn, by('ann', 'execute'))).resolves.toMatchObject({ key: 'k' });
    for (const ask of [guarded.getOutcome, guarded.clearOutcome])
      await expect(ask('plain', ofAnn, by('bob', 'execute'))).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        message: expect.stringContaining('lacks the scope admin'),
      });
  });

  it('is forgotten when its time is over', async () => {
    await call('hasty', 'k');
    await delay(100);
    await expect(call('hasty', 'k')).resolves.toMatchObject({ replayed: false });
    expect(asked).toHaveLength(2);
  });

  it('outlives the host in a file for its owner alone, and the connector where that is replaced', async () => {
    await host.service.register({ id: 'mine', kind: 'plain' });
    await call('mine', 'k');
    host = await host.restart();
    await expect(call('mine', 'k')).resolves.toMatchObject({ result: { count: 1 }, replayed: true });
    await host.service.update({ id: 'mine', kind: 'plain', name: 'another' });
    await expect(call('mine', 'k')).resolves.toMatchObject({ result: { count: 1 }, replayed: true });
    await host.service.remove('mine');
    await host.service.register({ id: 'mine', kind: 'plain' });
    await expect(call('mine', 'k')).resolves.toMatchObject({ result: { count: 2 }, replayed: false });
    const file = join(host.sandbox.root, '.automate', 'outcomes.db');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('says that nothing is known where its caller left', async () => {
    const opened = Promise.withResolvers<void>();
    gate = opened.promise;
    const leaving = new AbortController();
    const request = { id: 'plain', action: 'wait', idempotencyKey: 'k' };
    const left = host.service.execute(request, { signal: leaving.signal });
    await until('the call has come', () => asked.length === 1);
    leaving.abort();
    await expect(left).rejects.toMatchObject({ code: 'CANCELLED' });
    opened.resolve();
    await expect(host.service.execute(request)).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      effect: 'maybe',
      blame: 'caller',
      details: { reason: 'caller_left' },
    });
    expect(asked).toHaveLength(1);
  });

  it('is written for many calls at a time, each with a key of its own', async () => {
    const keys = Array.from({ length: 60 }, (_, index) => `k${index}`);
    const first = await Promise.all(keys.map((key) => call('plain', key)));
    const again = await Promise.all(keys.map((key) => call('plain', key)));
    expect(again.map(({ result }) => result)).toEqual(first.map(({ result }) => result));
    expect(again.every(({ replayed }) => replayed)).toBe(true);
    expect(asked).toHaveLength(60);
  });

  it('is how the call ended, though that could not be written at first', async () => {
    const opened = Promise.withResolvers<void>();
    gate = opened.promise;
    const request = { id: 'plain', action: 'wait', idempotencyKey: 'k' };
    const first = host.service.execute(request);
    await until('the call has come', () => asked.length === 1);
    {
      using database = new DatabaseSync(join(host.sandbox.root, '.automate', 'outcomes.db'));
      database.exec('BEGIN IMMEDIATE');
      opened.resolve();
      await expect(first).resolves.toMatchObject({ result: { count: 1 }, replayed: false });
      await expect(host.service.execute(request)).rejects.toMatchObject({ code: 'UNAVAILABLE', effect: 'none' });
    }
    await expect(host.service.execute(request)).resolves.toMatchObject({ result: { count: 1 }, replayed: true });
    host = await host.restart();
    await expect(host.service.execute(request)).resolves.toMatchObject({ result: { count: 1 }, replayed: true });
    expect(asked).toHaveLength(1);
  });

  it('is kept for a day more where its connector was removed while no host ran, and for ever where it has come back', async () => {
    await call('plain', 'k');
    await call('passing', 'k');
    const directory = join(host.sandbox.root, '.automate');
    const expiries = (): Record<string, unknown> => {
      using database = new DatabaseSync(join(directory, 'outcomes.db'));
      database.exec('PRAGMA busy_timeout = 10000');
      const rows = database.prepare('SELECT connector, expires_at FROM outcomes').all();
      return Object.fromEntries(rows.map((row) => [row['connector'], row['expires_at']]));
    };
    await host.host.close();
    {
      // As a host leaves them that was killed.
      using database = new DatabaseSync(join(directory, 'outcomes.db'));
      database.exec(`UPDATE outcomes SET status = 'unknown', ended_at = NULL, expires_at = NULL, text = NULL`);
    }
    await host.writeConfig(YAML.replace(/^ {2}- \{ id: passing.*$/m, ''));
    host = await host.restart();
    await until('it was looked at', () => expiries()['passing'] !== null);
    expect(Number(expiries()['passing']) - Date.now()).toBeGreaterThan(80_000_000);
    expect(expiries()['plain']).toBeNull();
    await host.writeConfig(YAML);
    host = await host.restart();
    await until('it was looked at again', () => expiries()['passing'] === null);
    await expect(call('passing', 'k')).rejects.toMatchObject({ details: { reason: 'host_ended' } });
  });

  it('cannot be kept in a damaged file, which is told before the call is made; others go on', async () => {
    const file = join(host.sandbox.root, '.automate', 'outcomes.db');
    writeFileSync(file, 'no database, but as long as a header of one would be '.repeat(20));
    await expect(call('plain', 'k')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      blame: 'operator',
      effect: 'none',
      details: { reason: 'storage_corrupt', file },
    });
    expect(asked).toHaveLength(0);
    await expect(host.service.execute({ id: 'plain', action: 'change' })).resolves.toMatchObject({ replayed: false });
    rmSync(file);
    await expect(call('plain', 'k')).resolves.toMatchObject({ replayed: false });
    await expect(call('plain', 'k')).resolves.toMatchObject({ replayed: true });
  });
});
