import type { CallOptions } from './call-options.ts';
import type { Blame, ErrorCode } from './error-codes.ts';
import type { FromHosts, HostFilter } from './host-operations.ts';

/** One call of an action that has ended. No payload and no result is among it. */
export interface RecentCall {
  /** When it ended, ISO 8601 with milliseconds. */
  readonly at: string;
  readonly action: string;
  readonly code: ErrorCode | 'OK';
  /** Who must act; absent with `OK`. */
  readonly blame?: Blame;
  /** From arrival to answer, in milliseconds. */
  readonly durationMs: number;
  /** Tries that it took; 0 where none was made, such as of a call that a paused connector did not take. */
  readonly attempts: number;
  /** `grpc`, `rest`, `local`. */
  readonly door: string;
  /** Who called: `local`, or the name of a token or certificate. */
  readonly principal: string;
  /** 32 hexadecimal digits, where the call belongs to a trace. */
  readonly traceId?: string;
  /** Whether it had an idempotency key. */
  readonly keyed: boolean;
  /** The id of the host that made it. Absent where only one was asked. */
  readonly host?: string;
}

/** The part of the port that shows what was called lately. */
export interface RecentCallOperations {
  /** The last calls of one connector, the newest first; at most 100, since the host started or the connector was added. */
  listCalls(
    id: string,
    filter?: HostFilter & {
      /** From 1 to 100. Default 100. */
      readonly limit?: number;
    },
    options?: CallOptions,
  ): Promise<FromHosts<RecentCall>>;
}
