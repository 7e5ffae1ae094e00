import type {
  ActionDescription,
  CallOptions,
  ConnectorDescription,
  ErrorEnvelope,
  ExecuteTextRequest,
  LimitsConfig,
  Outcome,
  Principal,
  RetryConfig,
} from '@automate/contract';
import {
  CancelledError,
  ConnectorError,
  didYouMean,
  TimeoutError,
  UnknownActionError,
  quote,
} from '@automate/contract';
import type { ConnectorWorker } from '../runtime/runtime.ts';
import type { RecordedCall } from '../telemetry/telemetry.ts';
import type { Bulkhead } from './gates/bulkhead.ts';
import type { Circuit } from './gates/circuit.ts';
import type { Gate } from './gates/gate.ts';
import { enterGates, leaveGates } from './gates/gate.ts';
import type { RateLimits } from './gates/rate-limit.ts';
import { judgeError } from './judge-error.ts';

/** A connector that calls can be sent to. */
export interface ExecutionTarget {
  readonly id: string;
  readonly worker: ConnectorWorker;
  readonly bulkhead: Bulkhead;
  /** Absent: none is configured. */
  readonly circuit?: Circuit | undefined;
  /** Absent: none are configured. */
  readonly rates?: RateLimits | undefined;
  readonly limits: LimitsConfig;
  readonly retry: RetryConfig;
  /** Hears how a start or a call went, the error where it failed. */
  notice(step: Step, error?: ErrorEnvelope): void;
}

/** What can tell of a connector's health: that it came up and connected, and that it did what it was asked. */
export type Step = 'connect' | 'call';

export interface CallInput {
  readonly target: ExecutionTarget;
  readonly request: ExecuteTextRequest;
  readonly options: CallOptions;
  readonly span: RecordedCall;
  readonly actionsOf: ActionLookup;
  /** Those that each attempt passes. */
  readonly gates: readonly Gate<Call>[];
}

/** One call and what its attempts share. */
export class Call {
  readonly policy: RetryConfig;
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  readonly #input: CallInput;
  #action: ActionDescription | undefined;
  #passesKeyOn = false;
  #repeated = false;
  #sent = false;
  #attempts = 0;
  #givenMs = Infinity;

  constructor(input: CallInput) {
    const { target, options } = input;
    this.policy = target.retry;
    this.deadline = options.timeoutMs === undefined ? Infinity : Date.now() + options.timeoutMs;
    this.signal = options.signal;
    this.#input = input;
  }

  /** Whether the last attempt came as far as the adapter. */
  get sent(): boolean {
    return this.#sent;
  }

  /** Tries so far. */
  get attempts(): number {
    return this.#attempts;
  }

  /** How long the last attempt was given that was sent, in milliseconds. */
  get givenMs(): number {
    return this.#givenMs;
  }

  get rateLimitClass(): string | undefined {
    return this.#action?.rateLimitClass;
  }

  /** Who calls; absent: `local`. */
  get principal(): Principal | undefined {
    return this.#input.options.principal;
  }

  get target(): ExecutionTarget {
    return this.#input.target;
  }

  get request(): ExecuteTextRequest {
    return this.#input.request;
  }

  /** A key makes an action repeatable only where the remote system knows it too. */
  isIdempotent(): boolean {
    return this.#action?.idempotent === true || (this.#passesKeyOn && this.#input.request.idempotencyKey !== undefined);
  }

  /** The outcome as the action's own word has it. */
  judge(outcome: Outcome<string>): Outcome<string> {
    return outcome.ok ? outcome : { ok: false, error: judgeError(outcome.error, this.#action, this) };
  }

  /** @param repeated whether an earlier attempt may have taken effect */
  attempt(repeated = false): Promise<Outcome<string>> {
    this.#repeated = repeated;
    this.#sent = false;
    this.#attempts += 1;
    const { worker } = this.#input.target;
    const state = worker.state();
    // The usual case waits for nothing but the answer: every further promise costs a tenth of the whole call.
    return state.phase === 'running' && state.level === 'ready'
      ? this.#send(worker.description())
      : this.#startAndSend();
  }

  async #startAndSend(): Promise<Outcome<string>> {
    const { target } = this.#input;
    let description: ConnectorDescription;
    try {
      description = await this.#ensureReady();
    } catch (reason) {
      const outcome = notSent(reason);
      // Past the caller's deadline nothing is known of the connector. A caller who left has an error that blames the caller.
      if (Date.now() < this.deadline) target.notice('connect', outcome.error);
      return outcome;
    }
    target.notice('connect');
    return this.#send(description);
  }

  #send(description: ConnectorDescription | undefined): Promise<Outcome<string>> {
    try {
      if (description !== undefined) this.#check(description);
    } catch (reason) {
      return Promise.resolve(notSent(reason));
    }
    const { gates } = this.#input;
    for (const gate of gates) if (gate.concerns?.(this) !== false) return this.#dispatchThrough(gates);
    return this.#dispatch();
  }

  async #dispatchThrough(gates: readonly Gate<Call>[]): Promise<Outcome<string>> {
    const passed: Gate<Call>[] = [];
    let outcome: Outcome<string>;
    try {
      outcome = (await enterGates(gates, this, passed)) ?? (await this.#dispatch());
    } catch (reason) {
      outcome = failed(reason);
    }
    await leaveGates(passed, this, outcome);
    return outcome;
  }

  #dispatch(): Promise<Outcome<string>> {
    const { target, request, span } = this.#input;
    const now = Date.now();
    if (now >= this.deadline) return Promise.resolve(notSent(late()));
    if (this.signal?.aborted === true) return Promise.resolve(notSent(left()));
    this.#sent = true;
    const deadline = Math.min(this.deadline, now + (this.#action?.timeoutMs ?? target.limits.timeoutMs));
    this.#givenMs = deadline - now;
    return target.worker.call({
      op: 'execute',
      action: request.action,
      payload: request.payload,
      deadline,
      idempotencyKey: this.#passesKeyOn ? request.idempotencyKey : undefined,
      repeated: this.#repeated ? true : undefined,
      traceparent: span.traceparent,
      tracestate: span.tracestate,
      signal: this.signal,
      onProgress: this.#input.options.onProgress,
    });
  }

  #ensureReady(): Promise<ConnectorDescription> {
    const { worker, limits } = this.#input.target;
    return worker.ensure('ready', { deadline: this.deadline, withinMs: limits.startTimeoutMs, signal: this.signal });
  }

  /** The action must be known, unless the adapter takes any. */
  #check(description: ConnectorDescription): void {
    const { action } = this.#input.request;
    this.#action = this.#input.actionsOf(description).get(action);
    if (this.#action === undefined && !description.open) {
      const known = description.actions.map((each) => each.name);
      throw new UnknownActionError(
        `the kind "${description.kind}" has no action ${quote(action)}${didYouMean(action, known)}: it has ${known.length === 0 ? 'none' : known.join(', ')}`,
        { details: { reason: 'unknown_action' } },
      );
    }
    this.#passesKeyOn = description.capabilities.idempotencyKey && this.#action?.idempotencyKey !== false;
  }
}

export type ActionLookup = (description: ConnectorDescription) => ReadonlyMap<string, ActionDescription>;

/** Finds actions by name. The table is built once per description, so that a lookup costs the same however many actions there are. */
export function createActionLookup(): ActionLookup {
  const tables = new WeakMap<ConnectorDescription, ReadonlyMap<string, ActionDescription>>();
  return (description) => {
    let actions = tables.get(description);
    if (actions === undefined) {
      actions = new Map(description.actions.map((action) => [action.name, action]));
      tables.set(description, actions);
    }
    return actions;
  };
}

type Failed = { readonly ok: false; readonly error: ErrorEnvelope };

/** What was thrown, as an outcome. */
export function failed(reason: unknown): Failed {
  return { ok: false, error: ConnectorError.from(reason).toEnvelope() };
}

/** Nothing has been sent yet, whatever the error's class says of itself. */
function notSent(reason: unknown): Failed {
  return { ok: false, error: { ...failed(reason).error, effect: 'none' } };
}

function late(): TimeoutError {
  return new TimeoutError('the deadline passed before the call was sent', { blame: 'caller' });
}

function left(): CancelledError {
  return new CancelledError('the caller left before the call was sent');
}
