import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { MAX_PAYLOAD_BYTES, TransientNetworkError, UnavailableError } from '@automate/contract';
import type { Call } from '../../src/execution/call.ts';
import type { Gate, GateAnswer } from '../../src/execution/gates/gate.ts';
import { DONE, gateNamed, LIMITS, pipelineOver, pipelineThrough, ORDER } from './pipeline-over.ts';
import { tooLarge } from './too-large.ts';

describe('the way of a call', () => {
  it('goes on after an attempt that did nothing', async () => {
    const { call, calls } = pipelineOver(new TransientNetworkError('refused', { effect: 'none' }), DONE);
    await expect(call('change')).resolves.toMatchObject({ result: '"done"', attempts: 2 });
    expect(calls).toHaveLength(2);
  });

  it('ends after an attempt that may have changed something', async () => {
    const { call, calls } = pipelineOver(new TransientNetworkError('broke off'), DONE);
    await expect(call('change')).rejects.toMatchObject({ code: 'TRANSIENT_NETWORK', effect: 'maybe' });
    expect(calls).toHaveLength(1);
  });

  it.each([
    ['hurry', 700],
    ['change', LIMITS.timeoutMs],
  ])('gives an attempt of "%s" %d ms', async (action, timeoutMs) => {
    const { call, calls } = pipelineOver(DONE);
    const before = Date.now();
    await call(action);
    const deadline = calls[0]?.deadline ?? 0;
    expect(deadline).toBeGreaterThanOrEqual(before + timeoutMs);
    expect(deadline).toBeLessThanOrEqual(Date.now() + timeoutMs);
  });

  it('says of an action that changes nothing that it had no effect', async () => {
    const { call } = pipelineOver(new UnavailableError('no', { retryable: false, effect: 'maybe' }));
    await expect(call('read')).rejects.toMatchObject({ code: 'UNAVAILABLE', effect: 'none' });
    await expect(call('change')).rejects.toMatchObject({ code: 'UNAVAILABLE', effect: 'maybe' });
  });

  it('keeps whom an error blames', async () => {
    const { call } = pipelineOver(new UnavailableError('no', { retryable: false, blame: 'remote' }));
    await expect(call('change')).rejects.toMatchObject({ blame: 'remote' });
  });
});

describe('a result that is too large', () => {
  it('can be asked for in parts where nothing was changed', async () => {
    const { call, calls } = pipelineOver({ ok: false, error: tooLarge });
    await expect(call('read')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
      retryable: false,
      blame: 'caller',
      details: { reason: 'result_too_large' },
      message: expect.stringMatching(`${MAX_PAYLOAD_BYTES} bytes.*: ask for less, by what it takes: page`),
    });
    expect(calls).toHaveLength(1);
  });

  it('leaves nothing to try again after a change', async () => {
    const { call, calls } = pipelineOver({ ok: false, error: tooLarge });
    await expect(call('change')).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
      effect: 'maybe',
      retryable: false,
      blame: 'caller',
      message: expect.stringContaining('it has been done, so do not send it again; another time ask for less'),
    });
    expect(calls).toHaveLength(1);
  });
});

const FAILS = new TransientNetworkError('refused', { effect: 'none' });

describe('gates', () => {
  it('are passed in order, once on the way and again by each attempt, and left in reverse', async () => {
    const heard: string[] = [];
    const { way, perAttempt } = ORDER;
    const later = async (): Promise<void> => undefined;
    const { call, bulkhead } = pipelineThrough(
      {
        way: [gateNamed('first', heard), ...way, gateNamed('second', heard, later)],
        perAttempt: [...perAttempt, gateNamed('third', heard, later), gateNamed('fourth', heard)],
      },
      FAILS,
      DONE,
    );
    await expect(call('change')).resolves.toMatchObject({ result: '"done"', attempts: 2, replayed: false });
    const attempt = (end: string): string[] => ['third?', 'fourth?', `fourth ${end}`, `third ${end}`];
    expect(heard).toEqual([
      ...['first?', 'second?', ...attempt('TRANSIENT_NETWORK'), ...attempt('ok')],
      ...['second ok', 'first ok'],
    ]);
    expect(bulkhead.inFlight).toBe(0);
  });

  const kept: GateAnswer = { ok: true, value: '"kept"', replayed: { attempts: 2, resultDropped: false } };
  it.each([
    ['at once', () => kept],
    ['later', async () => kept],
  ])('can answer %s in the place of what lies behind them, and are not told then', async (_when, answer) => {
    const heard: string[] = [];
    const { way } = ORDER;
    const { call, calls, bulkhead } = pipelineThrough(
      { way: [...way, gateNamed('replay', heard, answer)], perAttempt: [] },
      DONE,
    );
    await expect(call('change')).resolves.toMatchObject({ result: '"kept"', attempts: 2, replayed: true });
    expect([heard, calls.length, bulkhead.inFlight]).toEqual([['replay?'], 0, 0]);
  });

  it('can refuse one attempt, which is retried like any that failed', async () => {
    const open = new Map<unknown, number>();
    // Keeps what it knows of a connector by its target, as a circuit does.
    const circuit: Gate<Call> = {
      name: 'circuit',
      admit({ target }) {
        const refused = open.get(target) ?? 0;
        open.set(target, refused + 1);
        return refused === 0 ? { ok: false, error: FAILS.toEnvelope() } : undefined;
      },
    };
    const { call, calls } = pipelineThrough({ way: [], perAttempt: [circuit] }, DONE);
    await expect(call('change')).resolves.toMatchObject({ attempts: 2 });
    await expect(call('change')).resolves.toMatchObject({ attempts: 1 });
    expect(calls).toHaveLength(2);
  });

  it('hold a call back for good once its deadline has passed', async () => {
    const slow = gateNamed('slow', [], async ({ deadline }) => {
      while (Date.now() < deadline) await delay(1);
      return undefined;
    });
    const { call, calls, bulkhead } = pipelineThrough({ ...ORDER, perAttempt: [slow] }, DONE);
    await expect(call('change', { timeoutMs: 20 })).rejects.toMatchObject({ code: 'TIMEOUT', effect: 'none' });
    expect([calls.length, bulkhead.inFlight]).toEqual([0, 0]);
  });

  it('hold a call back for good once its caller has left', async () => {
    const caller = new AbortController();
    const left = gateNamed('left', [], () => void caller.abort());
    const { call, calls, bulkhead } = pipelineThrough({ ...ORDER, perAttempt: [left] }, DONE);
    await expect(call('change', { signal: caller.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    expect([calls.length, bulkhead.inFlight]).toEqual([0, 0]);
  });

  it.each(['way', 'perAttempt'] as const)('that break in %s fail the call, and keep no place', async (row) => {
    const heard: string[] = [];
    const broken = gateNamed('broken', heard, () => {
      throw new TypeError('a defect');
    });
    const gates = ORDER;
    const rows = { ...gates, [row]: [...gates[row], gateNamed('before', heard), broken] };
    const { call, calls, bulkhead } = pipelineThrough(rows, DONE);
    await expect(call('change')).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
    expect(heard).toEqual(['before?', 'broken?', 'before INTERNAL_ERROR']);
    expect([calls.length, bulkhead.inFlight]).toEqual([0, 0]);
  });
});
