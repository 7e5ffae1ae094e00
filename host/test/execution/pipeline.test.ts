import { describe, expect, it } from '@jest/globals';
import type { ConnectorError, LimitsConfig, Outcome, RetryConfig } from '@automate/contract';
import { MAX_PAYLOAD_BYTES, TransientNetworkError, UnavailableError } from '@automate/contract';
import { Bulkhead } from '../../src/execution/bulkhead.ts';
import { createPipeline } from '../../src/execution/pipeline.ts';
import type { ConnectorWorker, WorkerCall } from '../../src/runtime/runtime.ts';

const LIMITS: LimitsConfig = { concurrency: 4, queue: 4, timeoutMs: 30_000, startTimeoutMs: 30_000, memoryMb: 64 };
const RETRY: RetryConfig = { attempts: 3, backoffMs: 1, maxBackoffMs: 50 };
const ANY = { type: 'object', properties: { page: { type: 'integer' } } };
const ACTIONS = [
  { name: 'read', description: 'Reads', input: ANY, sideEffects: false, idempotent: true },
  { name: 'change', description: 'Changes', input: ANY, sideEffects: true, idempotent: false },
  {
    name: 'hurry',
    description: 'Has a time of its own',
    input: ANY,
    sideEffects: true,
    idempotent: false,
    timeoutMs: 700,
  },
];

const tooLarge = {
  code: 'INTERNAL_ERROR',
  name: 'ConnectorInternalError',
  message: 'the result is too large',
  retryable: false,
  effect: 'maybe',
  blame: 'plugin',
  details: { reason: 'result_too_large' },
} as const;

/** The pipeline over a worker that answers with these in turn; the last one for ever. */
function pipelineOver(...answers: readonly (Outcome<string> | ConnectorError)[]) {
  const calls: WorkerCall[] = [];
  const worker = {
    state: () => ({ phase: 'running', level: 'ready' }),
    description: () => description,
    call: async (call: WorkerCall): Promise<Outcome<string>> => {
      const answer = answers[Math.min(calls.push(call), answers.length) - 1]!;
      return 'ok' in answer ? answer : { ok: false, error: answer.toEnvelope() };
    },
  } as unknown as ConnectorWorker;
  const description = { kind: 'k', open: false, capabilities: {}, actions: ACTIONS };
  const bulkhead = new Bulkhead(LIMITS);
  const execute = createPipeline({
    find: (id) => ({ id, worker, bulkhead, limits: LIMITS, retry: RETRY, notice: () => undefined }),
    recorder: { start: () => ({ end: () => undefined }) },
  });
  return { calls, call: (action: string) => execute({ id: 'c', action, payload: '{}' }) };
}

const DONE: Outcome<string> = { ok: true, value: '"done"' };

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
