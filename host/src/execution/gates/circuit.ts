import type { CircuitConfig, CircuitState, ErrorCode, ErrorEnvelope, Outcome } from '@automate/contract';
import { UnavailableError } from '@automate/contract';
import { isHurried } from '../judge-error.ts';
import type { Gate } from './gate.ts';

/** What a call showed of the remote system. */
export type Finding = 'failed' | 'answered' | 'nothing';

/** What each code shows of it. Total: a new code needs a word here. */
const FINDINGS = {
  INVALID_INPUT: 'nothing',
  AUTH_FAILED: 'answered',
  FORBIDDEN: 'answered',
  NOT_FOUND: 'answered',
  ALREADY_EXISTS: 'answered',
  CONFIG_INVALID: 'nothing',
  RATE_LIMITED: 'answered',
  TIMEOUT: 'failed',
  UPSTREAM_5XX: 'failed',
  TRANSIENT_NETWORK: 'failed',
  CANCELLED: 'nothing',
  UNAVAILABLE: 'nothing',
  OVERLOADED: 'nothing',
  WORKER_LOST: 'nothing',
  OUTCOME_UNKNOWN: 'nothing',
  INTERNAL_ERROR: 'nothing',
  UNAUTHENTICATED: 'nothing',
  PERMISSION_DENIED: 'nothing',
} as const satisfies Record<ErrorCode, Finding>;

/**
 * Keeps calls from a remote system that fails again and again, so that neither waits for the other. Opens after so many failures
 * in a row, since one that answers in between is not down; once its time is over one call goes first, and the others wait for
 * what it meets. Written here rather than taken from a library: those wrap the work in a promise of their own, and close on what
 * says nothing of the remote system.
 */
export class Circuit {
  readonly #config: CircuitConfig;
  readonly #onChange: (state: CircuitState, error?: ErrorEnvelope) => void;
  /** When the last failures were, by `performance.now()`, which nobody sets back; the earliest first. */
  #failedAt: number[] = [];
  /** The last failure, while it is not closed. */
  #fault: ErrorEnvelope | undefined;
  /** When one may be let through, by the same clock. */
  #opensUntil = 0;
  /** The call that goes first. */
  #first: unknown;
  #opened = 0;

  /** @param onChange hears of each new state, and of the failure for which it opened */
  constructor(config: CircuitConfig, onChange: (state: CircuitState, error?: ErrorEnvelope) => void) {
    this.#config = config;
    this.#onChange = onChange;
  }

  get state(): CircuitState {
    if (this.#fault === undefined) return 'closed';
    return performance.now() < this.#opensUntil ? 'open' : 'half_open';
  }

  /** How often it has opened. */
  get opened(): number {
    return this.#opened;
  }

  /** Why it is open, in a sentence; undefined where it is not. */
  get reason(): string | undefined {
    return this.state === 'open' ? describeOpen(this.#config, this.#fault) : undefined;
  }

  /** Somebody has repaired something: the next call goes first, without waiting for its time. */
  cutShort(): void {
    this.#opensUntil = performance.now();
  }

  /** Lets a call through, which owes a `settle`, or throws UNAVAILABLE, reason `circuit_open`. */
  admit(call: unknown): void {
    if (this.#fault === undefined) return;
    const leftMs = Math.ceil(this.#opensUntil - performance.now());
    if (leftMs <= 0 && this.#first === undefined) {
      this.#first = call;
      this.#onChange('half_open');
      return;
    }
    throw new UnavailableError(
      `${describeOpen(this.#config, this.#fault)}. The call was not sent`,
      // While one call goes first nobody knows how long that takes.
      { blame: 'remote', retryAfterMs: Math.max(leftMs, 1_000), details: { reason: 'circuit_open' } },
    );
  }

  settle(call: unknown, finding: Finding, error?: ErrorEnvelope): void {
    if (this.#fault !== undefined) {
      if (this.#first !== call) return; // It was let through before, and tells of earlier times.
      this.#first = undefined;
    }
    if (finding === 'answered') this.#close();
    else if (finding === 'failed') this.#fail(error);
  }

  #close(): void {
    this.#failedAt = [];
    if (this.#fault === undefined) return;
    this.#fault = undefined;
    this.#onChange('closed');
  }

  #fail(error: ErrorEnvelope | undefined): void {
    const now = performance.now();
    const { failures, windowMs, openMs } = this.#config;
    if (this.#fault === undefined) {
      this.#failedAt = [...this.#failedAt.filter((at) => now - at < windowMs), now];
      if (this.#failedAt.length < failures) return;
      this.#failedAt = [];
    }
    this.#fault = error;
    this.#opensUntil = now + openMs;
    this.#opened += 1;
    this.#onChange('open', error);
  }
}

function describeOpen({ failures }: CircuitConfig, fault: ErrorEnvelope | undefined): string {
  const times = failures === 1 ? 'a call' : `${failures} calls in a row`;
  return `circuit open: the remote system failed ${times}, the last time with ${fault?.code}: ${fault?.message}`;
}

/** What the gate needs to know of a call. */
interface CircuitCall {
  readonly target: { readonly circuit?: Circuit | undefined; readonly limits: { readonly timeoutMs: number } };
  /** Whether the last attempt came as far as the adapter, and how long it was given, in milliseconds. */
  readonly sent: boolean;
  readonly givenMs: number;
}

/** The circuit of the connector that is called. */
export const circuit: Gate<CircuitCall> = {
  name: 'circuit',
  concerns: ({ target }) => target.circuit !== undefined,
  admit: (call) => call.target.circuit?.admit(call),
  settle: (call, outcome) =>
    call.target.circuit?.settle(call, findingOf(call, outcome), outcome.ok ? undefined : outcome.error),
};

function findingOf(call: CircuitCall, outcome: Outcome<string>): Finding {
  if (outcome.ok) return 'answered';
  const { code, blame, details } = outcome.error;
  // What the connector itself held back, as the remote system had asked for, is no new failure.
  if (!call.sent || details?.['reason'] === 'held_back') return 'nothing';
  if (code === 'TIMEOUT' && (blame !== 'remote' || isHurried(call))) return 'nothing';
  return FINDINGS[code];
}
