import type { CallOptions, CallProgress } from './call-options.ts';
import type { ErrorEnvelope } from './error-envelope.ts';
import type { JsonObject, JsonValue } from './json.ts';

export const EXECUTION_STATUSES = ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'unknown'] as const;

/**
 * How an execution stands. `queued`: it waits for its turn, or for another run. `unknown`: its host ended while it ran, and whether it
 * took effect is not known; it is not run again by itself. The last four are ends.
 */
export type ExecutionStatus = (typeof EXECUTION_STATUSES)[number];

export const CALLBACK_STATES = ['pending', 'delivered', 'failed'] as const;

/**
 * What became of telling somebody of an execution's end. `pending`: it has not ended yet, or will be told again; `failed`: it was not taken
 * within a day.
 */
export type CallbackState = (typeof CALLBACK_STATES)[number];

/** A call that is made durably, apart from the connection that asked for it. */
export interface StartExecutionRequest {
  /** Id of the connector. */
  readonly id: string;
  readonly action: string;
  /** An object, or the JSON text of one, which is passed on as it is. Default: `{}`. At most 3 MiB of JSON. */
  readonly payload?: JsonObject | string;
  /** The same caller's same key for the same connector is the same execution, for as long as that is kept. */
  readonly idempotencyKey?: string;
  /** How long each run of it may take, in milliseconds, from 1. Default: what the action or the connector says. */
  readonly runTimeoutMs?: number;
  /** Not before then, ISO 8601 with its zone. Default: at once. */
  readonly runAt?: string;
  /** A whole number from -100 to 100; those with more go first. Default 0. */
  readonly priority?: number;
  /**
   * `https://…`: where its end is told by a signed POST, of those that the service allows. INVALID_INPUT, reason `callbacks_off` or
   * `callback_not_allowed`, for others.
   */
  readonly callbackUrl?: string;
}

/** A call that was asked for. Times are ISO 8601. */
export interface Execution {
  readonly id: string;
  readonly connector: string;
  readonly action: string;
  readonly status: ExecutionStatus;
  /** Name of who started it. */
  readonly principal: string;
  readonly idempotencyKey?: string;
  readonly priority: number;
  readonly createdAt: string;
  readonly runAt?: string;
  /** When its last run began. */
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** When it is forgotten: `limits.execution_ttl` after its end. */
  readonly expiresAt?: string;
  /** Runs begun that came as far as the connector, from 0. */
  readonly attempts: number;
  /** How far its run is, of connectors that tell it. */
  readonly progress?: CallProgress;
  /** Of one that succeeded. */
  readonly result?: JsonValue;
  /** True where the call had been made before under its key, and that one's result was too large to be kept. */
  readonly resultDropped?: true;
  /** Of one that failed, was cancelled or is unknown; of one that is queued again: why its last run did not count. */
  readonly error?: ErrorEnvelope;
  /** True from when somebody cancelled it until its run has ended. */
  readonly cancelling?: true;
  /** Id of the one that this one repeats. */
  readonly rerunOf?: string;
  /** Id of the one that repeats this one. */
  readonly rerunAs?: string;
  /** Name of the schedule that started it. */
  readonly schedule?: string;
  /** Where its end is told. */
  readonly callbackUrl?: string;
  /** What became of that. */
  readonly callback?: CallbackState;
  /** True where the answer to a start is an execution that was there already, of the same key. */
  readonly replayed?: true;
}

export interface ExecutionFilter {
  readonly connector?: string;
  /** One of these. Default: any. */
  readonly status?: readonly ExecutionStatus[];
  /** True: only those that failed or are unknown and were not run again. */
  readonly deadLetters?: boolean;
  /** Name of who started it; others' are for the scope `admin`. Default: the caller's own, or with that scope those of all. */
  readonly principal?: string;
  /** Most executions of a page, from 1 to 1000. Default 100. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface ExecutionPage {
  /** The newest first, without results. */
  readonly executions: readonly Execution[];
  /** For `after`; absent on the last page. */
  readonly next?: string;
}

/**
 * The part of the port that makes calls durably: what was acknowledged outlives the host, and has exactly one outcome. Everyone has
 * their own, and the scope `admin` those of all: of others' a caller hears NOT_FOUND, reason `unknown_execution`.
 */
export interface ExecutionOperations {
  /**
   * Asks for a call; it is written durably before the answer. INVALID_INPUT, reason `key_reused`, where the key stands for another call;
   * OVERLOADED, reason `executions_full`, where no more are kept.
   */
  startExecution(request: StartExecutionRequest, options?: CallOptions): Promise<Execution>;
  getExecution(id: string, options?: CallOptions): Promise<Execution>;
  /** The newest first, without results. */
  listExecutions(filter?: ExecutionFilter, options?: CallOptions): Promise<ExecutionPage>;
  /**
   * One that waits never runs; the call of one that runs is cancelled, and the answer tells how it stands a moment later. INVALID_INPUT,
   * reason `already_ended`, for one that has ended.
   */
  cancelExecution(id: string, options?: CallOptions): Promise<Execution>;
  /** How it stands now, then each change, until it has ended. Who reads slowly is told of the last change alone. */
  watchExecution(id: string, options?: CallOptions): AsyncIterable<Execution>;
  /**
   * Starts the same call again, without its key, as a new execution of the caller's own: of one that failed, was cancelled or is unknown, and once. INVALID_INPUT,
   * reason `not_repeatable`, for another, and `already_rerun`.
   */
  rerunExecution(id: string, options?: CallOptions): Promise<Execution>;
}

/** Whether nothing becomes of it any more. */
export function hasEnded({ status }: Pick<Execution, 'status'>): boolean {
  return status !== 'queued' && status !== 'running';
}
