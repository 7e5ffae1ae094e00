import type { Blame, CallOptions, ExecuteTextRequest, RecentCall } from '@automate/contract';
import { clipText, LOCAL_PRINCIPAL } from '@automate/contract';

/** Calls that are kept of one connector. */
const KEPT = 100;
/** Longest name of an action that is kept: callers may send any. */
const ACTION_LENGTH = 256;

/** How a call ended. */
export interface CallEnd {
  readonly code: RecentCall['code'];
  readonly blame: Blame | 'none';
  readonly attempts: number;
  readonly durationMs: number;
  /** Whether somebody meant it to fail: nobody has anything to mend then. */
  readonly intended?: boolean;
}

/** A call as it came. */
export interface MadeCall {
  readonly request: ExecuteTextRequest;
  readonly options: CallOptions;
  /** Of its trace, where it belongs to one. */
  readonly traceparent: string | undefined;
}

interface Noted extends CallEnd {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly action: string;
  readonly door: string | undefined;
  readonly principal: string | undefined;
  readonly traceparent: string | undefined;
  readonly keyed: boolean;
}

/** The last calls of each connector, without what they carried. A call pays for one small object. */
export class RecentCalls {
  readonly #calls = new Map<string, { readonly ring: Noted[]; next: number }>();
  readonly #isKnown: (connector: string) => boolean;

  /** @param isKnown whether there is a connector of this id; callers name what they like */
  constructor(isKnown: (connector: string) => boolean) {
    this.#isKnown = isKnown;
  }

  note({ request, options, traceparent }: MadeCall, end: CallEnd): void {
    const calls = this.#calls.get(request.id) ?? this.#open(request.id);
    if (calls === undefined) return;
    calls.ring[calls.next] = {
      code: end.code,
      blame: end.blame,
      attempts: end.attempts,
      durationMs: end.durationMs,
      at: Date.now(),
      action: request.action.length > ACTION_LENGTH ? clipText(request.action, ACTION_LENGTH) : request.action,
      door: options.door,
      principal: options.principal?.name,
      traceparent,
      keyed: request.idempotencyKey !== undefined,
    };
    calls.next = (calls.next + 1) % KEPT;
  }

  /** The newest first. */
  list(connector: string, limit = KEPT): readonly RecentCall[] {
    const { ring, next } = this.#calls.get(connector) ?? { ring: [], next: 0 };
    return [...ring.slice(next), ...ring.slice(0, next)].toReversed().slice(0, limit).map(describe);
  }

  forget(connector: string): void {
    this.#calls.delete(connector);
  }

  #open(connector: string): { readonly ring: Noted[]; next: number } | undefined {
    if (!this.#isKnown(connector)) return undefined;
    const calls = { ring: [], next: 0 };
    this.#calls.set(connector, calls);
    return calls;
  }
}

function describe({ at, blame, door = 'local', principal, traceparent, durationMs, ...call }: Noted): RecentCall {
  const traceId = /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent ?? '')?.[1];
  return {
    at: new Date(at).toISOString(),
    ...call,
    ...(blame === 'none' ? {} : { blame }),
    durationMs: Math.round(durationMs * 1000) / 1000,
    door,
    principal: principal ?? LOCAL_PRINCIPAL.name,
    ...(traceId === undefined ? {} : { traceId }),
  };
}
