import type { ConnectorError, ErrorEnvelope, PatienceEnd } from '@automate/contract';
import { CancelledError, TimeoutError, UnavailableError } from '@automate/contract';
import type { WorkerState } from './runtime.ts';

/**
 * Whoever waited for a start did so no longer.
 *
 * @param waiting how many starts wait for their turn
 */
export function startGivenUp(
  connector: string,
  end: PatienceEnd,
  { phase, waiting }: Pick<WorkerState, 'phase'> & { readonly waiting: number },
): ConnectorError {
  if (end !== 'deadline') {
    const when = phase === 'queued' ? 'waited for its turn to start' : 'was starting';
    return new CancelledError(`the caller gave up while connector "${connector}" ${when}`);
  }
  if (phase === 'queued')
    return new TimeoutError(
      `connector "${connector}" waited for its turn to start until the deadline of the call: the host starts only so many at a time, and ${waiting} wait`,
      { connector, blame: 'operator', details: { reason: 'start_queued' } },
    );
  const late = `connector "${connector}" did not start before the deadline of the call`;
  // Until it says what it is, nothing has run but the plugin's own code.
  return phase === 'starting'
    ? new TimeoutError(`${late}: its code was still loading`, { blame: 'plugin', details: { step: 'load' } })
    : new TimeoutError(late);
}

/** A worker that did not come up in the time that it has from its turn on. */
export function startTimedOut(connector: string, startTimeoutMs: number, step: 'load' | 'initialize'): TimeoutError {
  return new TimeoutError(`connector "${connector}" did not ${step} within its start_timeout of ${startTimeoutMs} ms`, {
    connector,
    effect: 'none',
    // Loading is the plugin's own code alone; what comes after waits for the remote system.
    ...(step === 'load' ? { blame: 'plugin' } : {}),
    details: { reason: 'start_timeout', step },
  });
}

/**
 * What a start failed of is what the system gives to the host: nobody's code is at fault, and the next start may come off. The error
 * for whoever wanted it; undefined where the failure is another.
 */
export function findSystemLimit(
  connector: string,
  { code, message, details }: Pick<ErrorEnvelope, 'code' | 'message' | 'details'>,
): UnavailableError | undefined {
  if (code !== 'INTERNAL_ERROR' && code !== 'WORKER_LOST') return undefined;
  const isInit = details?.['reason'] === 'init_failed';
  const lacks = DESCRIPTORS.test(message)
    ? 'the host has no file descriptor left; the operator must let it have more open files (ulimit -n, LimitNOFILE), or have it run fewer connectors'
    : isInit && MEMORY_OR_THREADS.test(message)
      ? 'the system gives the host no further thread, process or memory; the operator must raise its limits (ulimit -u, -v, -d, TasksMax, MemoryMax), or have it run fewer connectors'
      : undefined;
  if (lacks === undefined) return undefined;
  return new UnavailableError(`connector "${connector}" cannot be started now: ${lacks} (${message})`, {
    connector,
    blame: 'operator',
    retryAfterMs: 1_000,
    details: { reason: 'system_limit' },
  });
}

/** Whether a worker could not start for what the system gives to the host: that says nothing of its code. */
export function isSystemLimit({ details }: Pick<ErrorEnvelope, 'details'>): boolean {
  return details?.['reason'] === 'system_limit';
}

/** As Node and the system name it. */
const DESCRIPTORS = /\b(?:EMFILE|ENFILE)\b|too many open files/i;
const MEMORY_OR_THREADS = /\b(?:EAGAIN|ENOMEM)\b/;

export function workerEnding(connector: string, reason: 'closed' | 'stopping'): UnavailableError {
  return new UnavailableError(`connector "${connector}" is shutting down`, { connector, details: { reason } });
}

/** Why a worker takes no calls. */
export function workerUnavailable(connector: string, state: WorkerState): UnavailableError {
  switch (state.phase) {
    case 'backing-off':
    case 'quarantined': {
      const retryAfterMs = Math.max(0, state.retryAt - Date.now());
      const what = state.phase === 'quarantined' ? 'is quarantined' : 'waits before its next start';
      return new UnavailableError(
        `connector "${connector}" ${what} after ${state.crashes} failures in a row, the last: ${state.error.message}`,
        {
          connector,
          retryAfterMs,
          // Whoever mends what failed brings the worker back, so that the blame is that of the last failure.
          blame: state.error.blame,
          details: { reason: state.phase === 'quarantined' ? 'quarantined' : 'backing_off', last: state.error.code },
        },
      );
    }
    case 'closed':
    case 'stopping':
      return workerEnding(connector, state.phase);
    default:
      return new UnavailableError(`connector "${connector}" has no running worker`, {
        connector,
        details: { reason: 'not_running' },
      });
  }
}
