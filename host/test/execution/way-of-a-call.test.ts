import { setTimeout as delay } from 'node:timers/promises';
import type { CallOptions, ConnectorService, JsonObject } from '@automate/contract';
import { MAX_PAYLOAD_BYTES, UpstreamError } from '@automate/contract';
import { cancelledByCaller } from '@automate/contract/service';
import { action, ConnectorAdapter } from '@automate/sdk';
import type { CallContext } from '@automate/sdk';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { until } from '../runtime/support.ts';

/** What the adapter of this very process was asked, and the gates that it stands before. */
const asked: { readonly action: string; readonly input: unknown; readonly context: CallContext }[] = [];
const gates = { connect: Promise.resolve(), call: Promise.resolve() };
let connectFails: Error | undefined;

const input = z.looseObject({ fails: z.number().optional() });

/** Fails as often as the payload says, or waits for its gate. */
class Asked extends ConnectorAdapter {
  readonly name: string = 'asked';
  readonly version = '1.0.0';
  override readonly actions = {
    read: this.#act(false, true),
    change: this.#act(true, false),
    wait: action({
      description: 'Waits for the gate',
      input,
      sideEffects: true,
      idempotent: false,
      run: async (given, context) => {
        asked.push({ action: 'wait', input: given, context });
        await gates.call;
        return 'done';
      },
    }),
  };

  #act(sideEffects: boolean, idempotent: boolean) {
    return action({
      description: sideEffects ? 'Changes' : 'Reads',
      input,
      sideEffects,
      idempotent,
      run: (given, context) => {
        asked.push({ action: context.action, input: given, context });
        if (asked.length <= (given.fails ?? 0)) throw new UpstreamError('503');
        return 'done';
      },
    });
  }

  async connect(): Promise<boolean> {
    await gates.connect;
    if (connectFails !== undefined) throw connectFails;
    return true;
  }
}

class Keyed extends Asked {
  override readonly name = 'keyed';
  override readonly capabilities = { idempotencyKey: true };
}

describe('the way of a call through the host', () => {
  let it_: SandboxHost;
  let service: ConnectorService;
  beforeAll(async () => {
    const more = 'retry: { attempts: 3, backoff: 1ms }, health_check: { enabled: false }';
    it_ = await SandboxHost.open({
      kinds: [],
      serve: false,
      register: [
        { kind: 'asked', adapter: Asked },
        { kind: 'keyed', adapter: Keyed },
      ],
      yaml: `connectors:
  - { id: one, kind: asked, ${more} }
  - { id: keyed, kind: keyed, ${more} }
  - { id: single, kind: asked, limits: { concurrency: 1, queue: 0 }, ${more} }
  - { id: slow, kind: asked, limits: { timeout: 50ms, start_timeout: 60s }, ${more} }
  - { id: refused, kind: asked, ${more} }
  - { id: gated, kind: asked, ${more} }
`,
    });
    service = it_.service;
  });
  afterAll(() => it_[Symbol.asyncDispose]());

  const call = (id: string, name: string, payload: JsonObject = {}, options: CallOptions = {}) => {
    asked.length = 0;
    return service.execute({ id, action: name, payload }, options);
  };
  const keyed = (id: string, payload: JsonObject) => {
    asked.length = 0;
    return service.execute({ id, action: 'change', payload, idempotencyKey: 'k-1' });
  };

  it('counts the attempts of what worked and of what failed, and gives its place back after either', async () => {
    await expect(call('single', 'read', { fails: 1 })).resolves.toMatchObject({ result: 'done', attempts: 2 });
    await expect(call('single', 'read', { fails: 9 })).rejects.toMatchObject({ code: 'UPSTREAM_5XX', attempts: 3 });
    await expect(call('single', 'no_such_action')).rejects.toMatchObject({ code: 'INVALID_INPUT', attempts: 1 });
    await expect(call('single', 'read')).resolves.toMatchObject({ result: 'done', attempts: 1 });
  });

  it('says after the last attempt too that an action which changes nothing had no effect', async () => {
    await expect(call('one', 'read', { fails: 9 })).rejects.toMatchObject({ effect: 'none' });
    await expect(call('one', 'change', { fails: 9 })).rejects.toMatchObject({ effect: 'maybe', attempts: 1 });
  });

  it('repeats a change that a key makes safe to repeat, with the key', async () => {
    await expect(keyed('keyed', { fails: 1 })).resolves.toMatchObject({ attempts: 2 });
    expect(asked.map(({ context }) => [context.idempotencyKey, context.repeated])).toStrictEqual([
      ['k-1', false],
      ['k-1', true],
    ]);
  });

  it('ends before the adapter with an action that it does not have', async () => {
    await expect(call('one', 'no_such_action')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
      details: { reason: 'unknown_action' },
      message: expect.stringMatching(/it has (\w+, )*wait/),
    });
    expect(asked).toStrictEqual([]);
  });

  it('takes a payload of exactly the bytes that are allowed, and none of one more, in whatever characters', async () => {
    const textOf = (bytes: number, character: string): string => {
      const frame = Buffer.byteLength('{"text":""}');
      const size = Buffer.byteLength(character);
      const odd = (bytes - frame) % size;
      return `{"text":"${'a'.repeat(odd)}${character.repeat((bytes - frame - odd) / size)}"}`;
    };
    for (const character of ['a', 'ü', '€']) {
      const fits = textOf(MAX_PAYLOAD_BYTES, character);
      expect(Buffer.byteLength(fits)).toBe(MAX_PAYLOAD_BYTES);
      await expect(service.executeText({ id: 'one', action: 'read', payload: fits })).resolves.toBeDefined();
      const over = textOf(MAX_PAYLOAD_BYTES + 1, character);
      await expect(service.executeText({ id: 'one', action: 'read', payload: over })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        effect: 'none',
      });
    }
  });

  it('is refused for its id before its size', async () => {
    const payload = `{"text":"${'x'.repeat(MAX_PAYLOAD_BYTES)}"}`;
    await expect(service.executeText({ id: 'nobody', action: 'read', payload })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      connector: 'nobody',
    });
    await expect(service.executeText({ id: 'one', action: 'read', payload })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      connector: 'one',
      attempts: undefined,
    });
  });

  it('takes no payload for an empty one', async () => {
    asked.length = 0;
    await expect(service.executeText({ id: 'one', action: 'read', payload: '' })).resolves.toMatchObject({
      result: '"done"',
    });
    expect(asked.map((each) => each.input)).toStrictEqual([{}]);
  });

  it("ends each attempt by the deadline of its caller where that is nearer than the connector's own", async () => {
    await call('one', 'read', {}, { timeoutMs: 5_000 });
    expect(asked[0]?.context.deadline).toBeLessThanOrEqual(Date.now() + 5_000);
  });

  it('refuses what finds neither a place nor a place to wait in, until the place is given back', async () => {
    const gate = Promise.withResolvers<void>();
    gates.call = gate.promise;
    const first = call('single', 'wait');
    await until('the first call has come', () => asked.length === 1);
    await expect(service.execute({ id: 'single', action: 'read' })).rejects.toMatchObject({
      code: 'OVERLOADED',
      attempts: undefined,
    });
    gate.resolve();
    await expect(first).resolves.toMatchObject({ result: 'done' });
    await expect(call('single', 'read')).resolves.toMatchObject({ result: 'done' });
  });

  it('gives its place back when its caller leaves, who is told the same wherever the call was', async () => {
    const gate = Promise.withResolvers<void>();
    gates.call = gate.promise;
    const caller = new AbortController();
    const left = call('single', 'wait', {}, { signal: caller.signal });
    await until('the call has come', () => asked.length === 1);
    caller.abort();
    await expect(left).rejects.toMatchObject(cancelledByCaller('single').toEnvelope());
    await expect(call('single', 'read')).resolves.toMatchObject({ result: 'done' });
    gate.resolve();
  });

  it('gives a start its own time, not that of a call', async () => {
    const gate = Promise.withResolvers<void>();
    gates.connect = gate.promise;
    const first = call('slow', 'read');
    // Twice the time of a call.
    await delay(100);
    gate.resolve();
    await expect(first).resolves.toMatchObject({ result: 'done' });
  });

  it('had no effect where it did not come as far as the adapter', async () => {
    connectFails = new UpstreamError('503', { effect: 'maybe' });
    await expect(call('refused', 'change')).rejects.toMatchObject({ code: 'UPSTREAM_5XX', effect: 'none' });
    connectFails = undefined;
  });

  it('is over at its deadline and with its caller while the connector starts, which that says nothing of', async () => {
    const gate = Promise.withResolvers<void>();
    gates.connect = gate.promise;
    await expect(call('gated', 'change', {}, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      effect: 'none',
    });
    const caller = new AbortController();
    const left = call('gated', 'change', {}, { signal: caller.signal });
    caller.abort();
    await expect(left).rejects.toMatchObject({ code: 'CANCELLED' });
    const { gated } = await service.healthCheckAll({ cached: true });
    expect(gated).toMatchObject({ status: 'unknown' });
    gate.resolve();
    expect(asked).toStrictEqual([]);
  });
});
