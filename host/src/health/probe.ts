import type { ErrorCode, ErrorEnvelope } from '@automate/contract';
import { ConnectorError, isErrorCode, isJsonObject } from '@automate/contract';
import type { ConnectorWorker } from '../runtime/runtime.ts';
import type { ProbeResult } from './health-record.ts';

export interface ProbeOptions {
  readonly worker: ConnectorWorker;
  /** Milliseconds for the adapter's answer. */
  readonly timeoutMs: number;
  /** Milliseconds for the worker's start, where it has to be started. */
  readonly startTimeoutMs: number;
  /** Trace context of whoever asked. */
  readonly traceparent?: string | undefined;
}

/** Asks the adapter how it is. Never rejects: whatever goes wrong is the result. */
export async function probe(options: ProbeOptions): Promise<ProbeResult> {
  const startedAt = performance.now();
  const finding = await ask(options);
  return {
    ...finding,
    responseTimeMs: Math.round(performance.now() - startedAt),
    at: Date.now(),
  };
}

async function ask(options: ProbeOptions): Promise<{ status: 'healthy' | 'unhealthy'; message: string }> {
  const { worker, timeoutMs, startTimeoutMs, traceparent } = options;
  try {
    await worker.ensure('initialized', { deadline: Date.now() + startTimeoutMs });
  } catch (reason) {
    return { status: 'unhealthy', message: describeFailure(ConnectorError.from(reason).toEnvelope()) };
  }
  const outcome = await worker.call({
    op: 'health',
    action: '',
    payload: '{}',
    deadline: Date.now() + timeoutMs,
    ...(traceparent === undefined ? undefined : { traceparent }),
  });
  const answer = outcome.ok
    ? readAnswer(outcome.value)
    : ({ status: 'unhealthy', message: describeFailure(outcome.error) } as const);
  const blocked = worker.stats().abandonedThreads;
  if (blocked === 0) return answer;
  const left = `worker blocked: ${blocked} of its earlier threads are blocked outside JavaScript and go on using the machine`;
  return { status: 'unhealthy', message: answer.status === 'healthy' ? left : `${answer.message}; ${left}` };
}

function readAnswer(text: string): { status: 'healthy' | 'unhealthy'; message: string } {
  const answer: unknown = JSON.parse(text);
  if (!isJsonObject(answer) || (answer['status'] !== 'healthy' && answer['status'] !== 'unhealthy')) {
    return { status: 'unhealthy', message: 'plugin fault: its health check answered neither healthy nor unhealthy' };
  }
  const message = typeof answer['message'] === 'string' ? answer['message'] : '';
  const details = answer['details'];
  const code = isJsonObject(details) ? details['code'] : undefined;
  const trouble = answer['status'] === 'unhealthy' && isErrorCode(code) ? `${TROUBLE[code]}: ` : '';
  return { status: answer['status'], message: `${trouble}${message === '' ? answer['status'] : message}` };
}

/** What kind of trouble a code is, in the words that an operator sorts troubles by. Total: a new code needs a word here. */
const TROUBLE = {
  INVALID_INPUT: 'remote answers badly',
  AUTH_FAILED: 'credentials refused',
  FORBIDDEN: 'credentials refused',
  NOT_FOUND: 'remote answers badly',
  ALREADY_EXISTS: 'remote answers badly',
  CONFIG_INVALID: 'configuration invalid',
  RATE_LIMITED: 'remote answers badly',
  TIMEOUT: 'remote unreachable',
  UPSTREAM_5XX: 'remote answers badly',
  TRANSIENT_NETWORK: 'remote unreachable',
  CANCELLED: 'check cancelled',
  UNAVAILABLE: 'worker not running',
  OVERLOADED: 'worker busy',
  WORKER_LOST: 'worker dead',
  OUTCOME_UNKNOWN: 'worker dead',
  INTERNAL_ERROR: 'plugin fault',
} as const satisfies Record<ErrorCode, string>;

/** One sentence that tells a dead worker, an unreachable remote, one that answers badly and refused credentials apart. */
export function describeFailure(error: ErrorEnvelope): string {
  return `${TROUBLE[error.code]}: ${error.message}`;
}
