import type { CallOptions } from '@automate/contract';
import { connect } from '@automate/client';
import { action, ConnectorAdapter } from '@automate/sdk';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { until } from '../runtime/support.ts';

/** When the remote system of this adapter was asked, by `performance.now()`. */
const asked: { readonly by: string; readonly at: number }[] = [];

class Limited extends ConnectorAdapter {
  readonly name = 'limited';
  readonly version = '1.0.0';
  override readonly actions = {
    read: this.#act('read'),
    send: this.#act('send', 'chat.post'),
    list: this.#act('list', 'lists'),
  };
  async connect(): Promise<boolean> {
    return true;
  }
  #act(by: string, rateLimitClass?: string) {
    return action({
      description: 'Notes when it was called',
      input: z.looseObject({}),
      sideEffects: true,
      idempotent: false,
      ...(rateLimitClass === undefined ? {} : { rateLimitClass }),
      run: () => {
        asked.push({ by, at: performance.now() });
        return 'done';
      },
    });
  }
}

const YAML = `
connectors:
  - id: limited
    limits: { rate: { requests: 2, per: 400ms }, rates: { chat.post: { requests: 1, per: 1h } } }
  - { id: slow, kind: limited, limits: { rate: { requests: 1, per: 1h } } }
  - { id: steady, kind: limited, limits: { rate: { requests: 20 }, timeout: 2s } }
  - id: narrow
    kind: limited
    limits: { concurrency: 1, queue: 2, rates: { lists: { requests: 1, per: 2s } } }
`;

let host: SandboxHost;
beforeEach(async () => {
  asked.length = 0;
  host = await SandboxHost.open({ kinds: [], register: [{ kind: 'limited', adapter: Limited }], yaml: YAML });
});
afterEach(() => host[Symbol.asyncDispose]());

const call = (id: string, name = 'read', options?: CallOptions) => host.service.execute({ id, action: name }, options);

describe('a limit of rate', () => {
  it('goes on over an edit of something else, and begins anew with another limit', async () => {
    const limits = { rate: { requests: 1, perMs: 3_600_000 }, timeoutMs: 5_000 };
    await host.service.register({ id: 'mine', kind: 'limited', limits });
    await call('mine');
    await host.service.update({
      id: 'mine',
      kind: 'limited',
      name: 'another',
      limits: { ...limits, timeoutMs: 6_000 },
    });
    await expect(call('mine')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await host.service.update({ id: 'mine', kind: 'limited', limits: { rate: { requests: 1, perMs: 1_800_000 } } });
    await call('mine');
    expect(asked).toHaveLength(2);
  });

  it('lets a call wait without a place among those in flight, up to as many as may wait', async () => {
    await call('narrow', 'list');
    const waiting = [call('narrow', 'list'), call('narrow', 'list'), call('narrow', 'list')].map((each) =>
      each.then(
        () => 'done',
        (error: { code: string }) => error.code,
      ),
    );
    // The two before it wait for their turn.
    expect(await waiting[2]).toBe('OVERLOADED');
    await call('narrow', 'read');
    expect(asked.map(({ by }) => by)).toEqual(['list', 'read']);
    expect(await Promise.all(waiting)).toEqual(['done', 'done', 'OVERLOADED']);
  });

  it('lets so many go at once, and the others in order when their turn has come', async () => {
    await Promise.all(Array.from({ length: 5 }, () => call('limited')));
    const [first = 0, , third = 0, , fifth = 0] = asked.map(({ at }) => at);
    // One every 200 ms after the first two.
    expect(third - first).toBeGreaterThan(150);
    expect(fifth - first).toBeGreaterThan(550);
    expect(asked).toHaveLength(5);
  });

  it('refuses at once where the turn would come after the deadline, or after as long as a call may take', async () => {
    await call('slow');
    const startedAt = performance.now();
    for (const options of [{}, { timeoutMs: 60_000 }]) {
      const refused: unknown = await call('slow', 'read', options).catch((error: unknown) => error);
      expect(refused).toMatchObject({
        code: 'RATE_LIMITED',
        blame: 'caller',
        effect: 'none',
        retryable: true,
        attempts: 1,
        details: { reason: 'rate_limit' },
        message: expect.stringMatching(/^limits\.rate lets a call through only in/),
      });
      const { retryAfterMs } = refused as { readonly retryAfterMs: number };
      expect(retryAfterMs).toBeGreaterThan(3_500_000);
      expect(retryAfterMs).toBeLessThanOrEqual(3_600_000);
    }
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(asked).toHaveLength(1);
  });

  it('of a class is its own, and others share that of the connector', async () => {
    await call('limited', 'send');
    await expect(call('limited', 'send')).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      message: expect.stringMatching(/^limits\.rates\.chat\.post /),
    });
    await Promise.all([call('limited', 'list'), call('limited', 'read')]);
    expect(asked.map(({ by }) => by).toSorted()).toEqual(['list', 'read', 'send']);
    // The next of these has to wait for its turn, and is told so by its deadline.
    await expect(call('limited', 'list', { timeoutMs: 20 })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('gives the turn of a caller who leaves to the next', async () => {
    await Promise.all(Array.from({ length: 20 }, () => call('steady')));
    const leaving = new AbortController();
    const left = call('steady', 'list', { signal: leaving.signal }).catch((error: { code: string }) => error.code);
    const next = call('steady', 'send');
    leaving.abort();
    expect(await left).toBe('CANCELLED');
    await next;
    expect(asked.slice(20).map(({ by }) => by)).toEqual(['send']);
  });

  it('is seen in health and in metrics', async () => {
    await Promise.all([call('limited'), call('limited')]);
    const waiting = Promise.all(Array.from({ length: 4 }, () => call('limited')));
    await using client = await connect({ address: host.host.grpcAddress ?? '' });
    const rest = openRestBackend(host.host.httpAddress ?? '');
    for (const service of [host.service, client, rest]) {
      const { limited } = await service.healthCheckAll({ cached: true });
      expect(limited?.rateQueued).toBeGreaterThan(0);
    }
    await waiting;
    await call('limited', 'send');
    await call('limited', 'send').catch(() => undefined);
    await until('nobody waits', () => true);
    const metrics = await (await fetch(`${host.host.httpAddress ?? ''}/metrics`)).text();
    expect(metrics).toMatch(/automate_rate_queue_length\{connector="limited"\} 0/);
    expect(metrics).toMatch(/automate_rate_limited_total\{connector="limited"\} 1/);
  });

  it('is checked with all the rest of a configuration', async () => {
    const limits = { rate: { perMs: 1 }, rates: { 'chat.post': { requests: 0, perMs: 10, per: 5 } } } as never;
    await expect(
      host.service.register({ id: 'wrong', kind: 'limited', limits, circuit: { failures: 0, open: 1 } as never }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT', problems: expect.any(Array) });
    const { problems } = (await host.service
      .register({ id: 'wrong', kind: 'limited', limits, circuit: { failures: 0 } })
      .catch((error: unknown) => error)) as { readonly problems: readonly { readonly path: string }[] };
    expect(problems.map(({ path }) => path).toSorted()).toEqual([
      'circuit.failures',
      'limits.rate.requests',
      'limits.rates["chat.post"].per',
      'limits.rates["chat.post"].requests',
    ]);
  });
});
