import type { Blame, ErrorCode, ErrorEnvelope, JsonObject } from '@automate/contract';
import { clipText, ConnectorError, ERROR_CODES, isErrorCode, isJsonObject } from '@automate/contract';
import { MESSAGE_LENGTH, RESULT_LIMITS } from '../runtime/bounds.ts';
import { parseObject } from '../runtime/parse-object.ts';
import type { ConnectorWorker } from '../runtime/runtime.ts';
import type { Finding } from './health-record.ts';

export interface ProbeOptions {
  readonly worker: ConnectorWorker;
  /** Milliseconds for the adapter's answer. */
  readonly timeoutMs: number;
  /** Milliseconds for the worker's start, where it has to be started. */
  readonly startTimeoutMs: number;
  /** Whether it must connect as well, though it is connected: something failed since that a check alone may not notice. */
  readonly reconnect: boolean;
  /** Trace context of whoever asked. */
  readonly traceparent?: string | undefined;
}

/**
 * Asks the adapter how it is. What has not connected takes no calls, whatever its health check says, so it counts as healthy only
 * once it has. Never rejects: whatever goes wrong is the finding.
 */
export async function probe(options: ProbeOptions): Promise<Finding> {
  try {
    return tellRefused(options.worker, await ask(options));
  } catch (reason) {
    return findingOf(ConnectorError.from(reason).toEnvelope());
  }
}

async function ask(options: ProbeOptions): Promise<Finding> {
  const { worker, timeoutMs, startTimeoutMs, traceparent } = options;
  await worker.ensure('initialized', { withinMs: startTimeoutMs, background: true });
  const outcome = await worker.call({
    op: 'health',
    action: '',
    payload: '{}',
    deadline: Date.now() + timeoutMs,
    traceparent,
  });
  if (!outcome.ok) return findingOf(outcome.error);
  const answer = readTestAnswer(outcome.value);
  if (answer.status === 'unhealthy') return answer;
  if (options.reconnect) await connectAnew(worker, timeoutMs);
  else await worker.ensure('ready', { withinMs: timeoutMs });
  return answer;
}

/** Connects within the time, also where it was connected before. Rejects with what went wrong. */
export async function connectAnew(worker: ConnectorWorker, withinMs: number): Promise<void> {
  await worker.ensure('initialized', { withinMs });
  const deadline = Date.now() + withinMs;
  const outcome = await worker.call({ op: 'connect', action: '', payload: '{}', deadline });
  if (!outcome.ok) throw ConnectorError.fromEnvelope(outcome.error);
}

/** The connector is none the worse for it, but who watches it wants to know. */
function tellRefused(worker: ConnectorWorker, finding: Finding): Finding {
  const { poisonousCalls } = worker.stats();
  if (poisonousCalls === 0) return finding;
  const calls = poisonousCalls === 1 ? '1 call is' : `${poisonousCalls} calls are`;
  return { ...finding, message: `${finding.message}; ${calls} refused, which ended its worker again and again` };
}

function readTestAnswer(text: string): Finding {
  const answer = parseObject(text, RESULT_LIMITS.bytes);
  if (answer === undefined || (answer['status'] !== 'healthy' && answer['status'] !== 'unhealthy')) {
    return {
      status: 'unhealthy',
      message: 'plugin fault: its health check answered neither healthy nor unhealthy',
      blame: 'plugin',
    };
  }
  const { status, details } = answer;
  const said = answer['message'];
  // It is kept, and goes into every list.
  const message = typeof said === 'string' && said !== '' ? clipText(said, MESSAGE_LENGTH).toWellFormed() : status;
  if (status === 'healthy') return { status, message };
  const known = isJsonObject(details) ? details : {};
  const code = known['code'];
  return isErrorCode(code)
    ? { status, message: `${troubleOf(code, known)}: ${message}`, blame: blameOf(ERROR_CODES[code]) }
    : { status, message, blame: 'remote' };
}

/** What kind of trouble a code is, in the words that an operator sorts troubles by. Total: a new code needs a word here. */
const TROUBLE = {
  INVALID_INPUT: 'remote answers badly',
  UNAUTHENTICATED: 'plugin fault',
  PERMISSION_DENIED: 'plugin fault',
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

/** Of reasons that are another kind of trouble than their code: here nobody was asked, and no credential was refused. */
const TROUBLE_OF_REASON: Readonly<Record<string, string>> = {
  network_policy: 'address denied',
};

function troubleOf(code: ErrorCode, { reason }: JsonObject): string {
  return (typeof reason === 'string' ? TROUBLE_OF_REASON[reason] : undefined) ?? TROUBLE[code];
}

/** One sentence that tells a dead worker, an unreachable remote, one that answers badly and refused credentials apart, and who must act. */
export function findingOf(error: ErrorEnvelope): Finding & { readonly status: 'unhealthy' } {
  // No remote system takes part where the kind's own code does not even load, or blocks its own thread.
  const isOwn = error.details?.['step'] === 'load' || (error.code === 'TIMEOUT' && error.blame === 'plugin');
  const trouble = isOwn ? TROUBLE.INTERNAL_ERROR : troubleOf(error.code, error.details ?? {});
  return { status: 'unhealthy', message: `${trouble}: ${error.message}`, blame: blameOf(error) };
}

/** Health has no caller: what asked too much of the remote system there is its plugin. */
function blameOf({ blame }: Pick<ErrorEnvelope, 'blame'>): Blame {
  return blame === 'caller' ? 'plugin' : blame;
}
