import { describe, expect, it } from '@jest/globals';
import { AuthFailedError, CancelledError, TransientNetworkError, UpstreamError } from '@automate/contract';
import {
  ACTIONS,
  DONE,
  gateNamed,
  LIMITS,
  pipelineOver,
  pipelineThrough,
  pipelineTo,
  RETRY,
  ORDER,
} from './pipeline-over.ts';

describe('the way of a call', () => {
  it('had no effect where the start failed, whatever the start says of itself', async () => {
    const { call, calls, noticed } = pipelineTo(
      {
        state: () => ({ phase: 'idle' }),
        ensure: () => Promise.reject(new UpstreamError('503', { effect: 'maybe', retryable: false })),
      },
      ORDER,
    );
    await expect(call('change')).rejects.toMatchObject({ code: 'UPSTREAM_5XX', effect: 'none', attempts: 1 });
    expect([calls.length, noticed]).toEqual([0, ['connect UPSTREAM_5XX']]);
  });

  it.each([
    ['running', 'initialized'],
    ['backing-off', undefined],
  ])('brings a worker that is %s, %s, to where it takes calls before it sends one', async (phase, level) => {
    const asked: unknown[] = [];
    const { call, calls, noticed } = pipelineTo(
      {
        state: () => ({ phase, level }) as never,
        ensure: async (wanted, { deadline, withinMs }) => {
          asked.push([wanted, deadline, withinMs]);
          return { kind: 'k', open: true, capabilities: {}, actions: [] } as never;
        },
      },
      ORDER,
      DONE,
    );
    await call('change');
    expect(asked).toEqual([['ready', Infinity, LIMITS.startTimeoutMs]]);
    expect([calls.length, noticed]).toEqual([1, ['connect well', 'call well']]);
  });

  it.each([
    [[], 'it has none'],
    [ACTIONS, 'it has read, change, hurry'],
  ])('says which actions there are where it knows none of that name', async (actions, message) => {
    const description = { kind: 'k', open: false, capabilities: {}, actions } as never;
    const { call } = pipelineTo({ description: () => description }, ORDER);
    await expect(call('nope')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(`${message}$`),
      details: { reason: 'unknown_action' },
    });
  });

  it('tells its connector how the last attempt went that came as far as the adapter, once', async () => {
    const refused = pipelineOver(new AuthFailedError('no'));
    await expect(refused.call('change')).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    expect(refused.noticed).toEqual(['call AUTH_FAILED']);
    const again = pipelineOver(new TransientNetworkError('refused', { effect: 'none' }), DONE);
    await again.call('change');
    expect(again.noticed).toEqual(['call well']);
    const unsent = pipelineOver(DONE);
    await expect(unsent.call('no_such_action')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(unsent.noticed).toEqual([]);
    const kept = pipelineThrough({ way: [gateNamed('replay', [], () => DONE)], perAttempt: [] });
    await kept.call('change');
    expect(kept.noticed).toEqual([]);
  });

  it('is recorded once, with its attempts and its time, however it ends', async () => {
    const refused = new TransientNetworkError('refused', { effect: 'none' });
    const options = { traceparent: 'of the caller', tracestate: 'its state' };
    const worked = pipelineOver(refused, DONE);
    const begun = performance.now();
    const { durationMs } = await worked.call('change', options);
    const took = performance.now() - begun;
    expect(durationMs).toBeGreaterThan(0);
    expect(durationMs).toBeLessThanOrEqual(took + 0.001);
    expect(durationMs * 1000).toBeCloseTo(Math.round(durationMs * 1000), 6);
    expect(worked.begun).toEqual([{ connector: 'c', action: 'change', ...options }]);
    expect(worked.ended).toEqual([
      { code: 'OK', blame: 'none', attempts: 2, durationMs: expect.closeTo(durationMs, 2) },
    ]);
    const failed = pipelineOver(refused);
    await expect(failed.call('change')).rejects.toMatchObject({ connector: 'c' });
    expect(failed.ended).toEqual([
      {
        code: 'TRANSIENT_NETWORK',
        blame: 'remote',
        attempts: RETRY.attempts,
        durationMs: expect.any(Number),
        intended: false,
      },
    ]);
    const [{ durationMs: failedMs }] = failed.ended as [{ durationMs: number }];
    expect(failedMs).toBeLessThanOrEqual(performance.now() - begun);
  });

  it('tells a caller who is there what was cancelled, and one who left nothing but that', async () => {
    const cancelled = new CancelledError('the remote system cancelled it');
    const caller = new AbortController();
    for (const options of [{}, { signal: caller.signal }]) {
      const { call } = pipelineOver(cancelled);
      await expect(call('change', options)).rejects.toMatchObject({ message: 'the remote system cancelled it' });
    }
    const leaving = gateNamed('leaving', [], () => {
      caller.abort();
      return { ok: false, error: new UpstreamError('503', { retryable: false }).toEnvelope() };
    });
    const { call } = pipelineThrough({ way: [leaving], perAttempt: [] });
    await expect(call('change', { signal: caller.signal })).rejects.toMatchObject({ code: 'UPSTREAM_5XX' });
  });
});
