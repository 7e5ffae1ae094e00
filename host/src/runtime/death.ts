import type { ErrorEnvelope, ErrorReason } from '@automate/contract';
import { UnavailableError, WorkerLostError } from '@automate/contract';
import type { CrashReport, Culprit } from './messages.ts';
import type { SecretFilter } from './runtime.ts';

/** Why the host itself ended a worker. */
export type KillReason =
  | 'stopping'
  | 'start_failed'
  | 'start_timeout'
  | 'killed_after_deadline'
  | 'memory_exceeded'
  | 'protocol_violation'
  | 'unresponsive';

/** What was learnt of how a body ended. Any part may be missing. */
export interface Death {
  readonly killed: { readonly reason: KillReason; readonly message: string } | undefined;
  /** The worker's `error` event. */
  readonly error: unknown;
  readonly exitCode: number | undefined;
  /** What ended a process that did not end by itself. */
  readonly signal: string | undefined;
  /** What the worker itself said last. */
  readonly report: CrashReport | undefined;
}

/** Of one that lives. */
export const NO_DEATH: Death = {
  killed: undefined,
  error: undefined,
  exitCode: undefined,
  signal: undefined,
  report: undefined,
};

/** How a body ended: a word for programs, a sentence for people, a stack for the log. */
export interface Cause {
  readonly reason: ErrorReason;
  readonly message: string;
  readonly stack?: string;
  readonly exitCode?: number;
  /** As the worker reported. */
  readonly lastBegun?: number;
  readonly culprit?: Culprit;
}

/** The truest account of a death: what the host did, what the engine said, what the worker reported, and last the bare exit code. */
export function causeOf(death: Death): Cause {
  const { killed, error, exitCode, signal, report } = death;
  if (killed !== undefined) return killed;
  if (error !== undefined) {
    const { code, message, stack } = thrownFacts(error);
    if (code === 'ERR_WORKER_OUT_OF_MEMORY') return { reason: 'out_of_memory', message: 'ran out of memory' };
    if (code === 'ERR_WORKER_INIT_FAILED') return { reason: 'init_failed', message };
    if (report === undefined)
      return { reason: 'uncaught_exception', message: sentenceFor('uncaught_exception', message), stack };
  }
  if (report !== undefined) {
    const { reason, message, stack, exitCode: code, lastBegun, culprit } = report;
    return {
      reason,
      message: sentenceFor(reason, message),
      stack,
      exitCode: code,
      lastBegun,
      culprit,
    };
  }
  if (exitCode !== undefined) return { reason: 'exited', message: `it ended with exit code ${exitCode}`, exitCode };
  if (signal !== undefined) return { reason: 'killed_by_signal', message: `its process was ended by ${signal}` };
  // The port has closed, and nothing that the worker does itself closes it without a report: the engine ended it. Tearing
  // a full heap down can take longer than the calls may wait for the engine's own word.
  return { reason: 'out_of_memory', message: 'its thread was ended by the engine, as happens when memory runs out' };
}

/** What a body dies of may be told in the connector's words. */
export function scrubCause(cause: Cause, secrets: SecretFilter): Cause {
  const { message, stack } = cause;
  return {
    ...cause,
    message: secrets.scrubString(message),
    stack: stack === undefined ? undefined : secrets.scrubString(stack),
  };
}

/** The death as the error that calls under way are answered with. */
export function workerLost(id: string, cause: Cause): ErrorEnvelope {
  const { reason, message, exitCode } = cause;
  if (reason === 'stopping')
    return new UnavailableError(`connector "${id}" was stopped while the call ran`, {
      connector: id,
      effect: 'maybe',
      details: { reason: 'stopping' },
    }).toEnvelope();
  return new WorkerLostError(`the worker of connector "${id}" was lost: ${message}`, {
    connector: id,
    details: { reason, ...(exitCode === undefined ? {} : { exitCode }) },
  }).toEnvelope();
}

function sentenceFor(reason: CrashReport['reason'], message: string): string {
  switch (reason) {
    case 'uncaught_exception':
      return `an exception was not caught: ${message}`;
    case 'unhandled_rejection':
      return `a promise was rejected and nobody handled it: ${message}`;
    case 'process_exit':
    case 'process_abort':
    case 'process_kill':
      return `its code ${message}`;
    case 'protocol_violation':
      return message;
    default:
      return reason satisfies never;
  }
}

function thrownFacts(error: unknown): { readonly code?: string; readonly message: string; readonly stack?: string } {
  if (typeof error !== 'object' || error === null) return { message: `threw ${String(error)}` };
  const { code, message, stack } = error as {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly stack?: unknown;
  };
  return {
    ...(typeof code === 'string' ? { code } : {}),
    message: typeof message === 'string' && message !== '' ? message : 'an error without a message',
    ...(typeof stack === 'string' ? { stack } : {}),
  };
}
