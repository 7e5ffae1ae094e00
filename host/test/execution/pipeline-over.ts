import type {
  CallOptions,
  ConnectorError,
  ErrorEnvelope,
  LimitsConfig,
  Outcome,
  RetryConfig,
} from '@automate/contract';
import type { Call } from '../../src/execution/call.ts';
import { Bulkhead } from '../../src/execution/gates/bulkhead.ts';
import type { Gate } from '../../src/execution/gates/gate.ts';
import type { Gates } from '../../src/execution/pipeline.ts';
import { createPipeline, gatesInOrder } from '../../src/execution/pipeline.ts';
import type { OutcomeStore } from '../../src/store/outcome-store.ts';
import type { ConnectorWorker, WorkerCall } from '../../src/runtime/runtime.ts';

// No number of these is a default.
export const LIMITS: LimitsConfig = {
  concurrency: 4,
  queue: 4,
  timeoutMs: 21_000,
  startTimeoutMs: 22_000,
  memoryMb: 64,
  idempotencyTtlMs: 60_000,
  executionTtlMs: 60_000,
};
export const RETRY: RetryConfig = { attempts: 3, backoffMs: 1, maxBackoffMs: 50 };
const ANY = { type: 'object', properties: { page: { type: 'integer' } } };
export const ACTIONS = [
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

type Answers = readonly (Outcome<string> | ConnectorError)[];

/** The gates of a host, over a store that no call here comes to. */
const outcomes = { begin: () => Promise.reject(new Error('no call here has a key')) } as unknown as OutcomeStore;
export const ORDER = gatesInOrder({ outcomes, onFault: () => undefined });

/** The pipeline over a worker that answers with these in turn; the last one for ever. */
export function pipelineOver(...answers: Answers) {
  return pipelineThrough(ORDER, ...answers);
}

export function pipelineThrough(gates: Gates, ...answers: Answers) {
  return pipelineTo({}, gates, ...answers);
}

/** @param at what the worker does otherwise than one that runs and is connected */
export function pipelineTo(at: Partial<ConnectorWorker>, gates: Gates, ...answers: Answers) {
  const calls: WorkerCall[] = [];
  const noticed: string[] = [];
  const begun: unknown[] = [];
  const ended: unknown[] = [];
  const worker = {
    state: () => ({ phase: 'running', level: 'ready' }),
    description: () => description,
    ...at,
    call: async (call: WorkerCall): Promise<Outcome<string>> => {
      const answer = answers[Math.min(calls.push(call), answers.length) - 1]!;
      return 'ok' in answer ? answer : { ok: false, error: answer.toEnvelope() };
    },
  } as unknown as ConnectorWorker;
  const description = { kind: 'k', open: false, capabilities: {}, actions: ACTIONS };
  const bulkhead = new Bulkhead(LIMITS);
  const notice = (step: string, error?: ErrorEnvelope): void => void noticed.push(`${step} ${error?.code ?? 'well'}`);
  const target = { id: 'c', worker, bulkhead, limits: LIMITS, retry: RETRY, notice };
  const execute = createPipeline({
    find: () => target,
    recorder: {
      start(call) {
        begun.push(call);
        return { end: (end) => void ended.push(end) };
      },
    },
    recent: { note: () => undefined },
    log: { ended: () => undefined, repeated: () => undefined },
    gates,
  });
  const call = (action: string, options: CallOptions = {}) => execute({ id: 'c', action, payload: '{}' }, options);
  return { bulkhead, calls, call, noticed, begun, ended };
}

export const DONE: Outcome<string> = { ok: true, value: '"done"' };

/** Writes down what it hears, and answers as it is told. */
export function gateNamed(name: string, heard: string[], answer: Gate<Call>['admit'] = () => undefined): Gate<Call> {
  return {
    name,
    admit(call) {
      heard.push(`${name}?`);
      return answer(call);
    },
    settle: (_call, outcome) => void heard.push(`${name} ${outcome.ok ? 'ok' : outcome.error.code}`),
  };
}
