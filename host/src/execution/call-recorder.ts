import type { Blame, ErrorCode } from '@automate/contract';

/** Hears of every call. Implementations never throw. */
export interface CallRecorder {
  start(call: {
    readonly connector: string;
    readonly action: string;
    readonly traceparent?: string | undefined;
    readonly tracestate?: string | undefined;
  }): CallSpan;
}

/** One call under way. */
export interface CallSpan {
  /** Trace context for the worker. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  end(result: {
    readonly code: ErrorCode | 'OK';
    readonly blame: Blame | 'none';
    readonly attempts: number;
    readonly durationMs: number;
  }): void;
}
