import type { CallProgress } from '@automate/contract';
import { actionsOf } from '../actions-of.ts';
import type { ConnectorAdapter } from '../connector-adapter.ts';
import type { CallContext, ConnectorContext } from '../connector-context.ts';
import { httpForCall } from '../http/create-http-client.ts';
import type { HttpClient } from '../http-client.ts';
import type { Logger } from '../logger.ts';

export interface CallContextInput {
  /** The action's name; `health` in a health check. */
  readonly action: string;
  /** When the attempt ends, in milliseconds since the epoch. */
  readonly deadline: number;
  readonly idempotencyKey?: string;
  /** Default: a first attempt. */
  readonly repeated?: boolean;
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** The action's class of rate limit; `rateLimitClassOf` knows it. */
  readonly rateLimitClass?: string | undefined;
  /** Called at most once, and only if the adapter or its HTTP asks for the signal. */
  readonly signal: () => AbortSignal;
  /** Default: nobody hears how far the call is. */
  readonly onProgress?: ((now: CallProgress) => void) | undefined;
}

/** The context of one call. Cheap: signal and HTTP client are made when asked for. */
export function createCallContext(context: ConnectorContext, input: CallContextInput): CallContext {
  return new LazyCallContext(context, input);
}

/** The class of rate limit that an action declares. */
export function rateLimitClassOf(adapter: ConnectorAdapter, action: string): string | undefined {
  const actions = actionsOf(adapter);
  return Object.hasOwn(actions, action) ? actions[action]?.rateLimitClass : undefined;
}

class LazyCallContext implements CallContext {
  readonly id: string;
  readonly action: string;
  readonly deadline: number;
  declare readonly idempotencyKey?: string;
  readonly repeated: boolean;
  declare readonly traceparent?: string;
  declare readonly tracestate?: string;
  readonly logger: Logger;
  declare readonly rateLimitClass?: string;
  readonly #context: ConnectorContext;
  readonly #makeSignal: () => AbortSignal;
  #signal: AbortSignal | undefined;
  #http: HttpClient | undefined;
  readonly #onProgress: CallContextInput['onProgress'];

  constructor(context: ConnectorContext, input: CallContextInput) {
    this.id = context.id;
    this.action = input.action;
    this.deadline = input.deadline;
    if (input.idempotencyKey !== undefined) this.idempotencyKey = input.idempotencyKey;
    this.repeated = input.repeated === true;
    if (input.traceparent !== undefined) this.traceparent = input.traceparent;
    if (input.tracestate !== undefined) this.tracestate = input.tracestate;
    if (input.rateLimitClass !== undefined) this.rateLimitClass = input.rateLimitClass;
    this.logger = context.logger;
    this.#context = context;
    this.#makeSignal = input.signal;
    this.#onProgress = input.onProgress;
  }

  /** A function of its own, for who takes it from the context: `run: (input, { progress }) => …`. */
  get progress(): CallContext['progress'] {
    return (now) => this.#onProgress?.(now);
  }

  get signal(): AbortSignal {
    return (this.#signal ??= this.#makeSignal());
  }

  get http(): HttpClient {
    return (this.#http ??= httpForCall(this.#context.http, this));
  }
}
