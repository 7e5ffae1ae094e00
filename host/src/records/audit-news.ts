import type { AuditCode, AuditKind } from '@automate/contract';

/** One thing that happened, as whoever saw it tells it. */
export interface AuditNews {
  /** When it ended, in milliseconds since 1970. */
  readonly at: number;
  readonly kind: AuditKind;
  readonly operation: string;
  readonly principal: string;
  readonly door: string;
  readonly connector?: string | undefined;
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
  readonly code: AuditCode;
  readonly durationMs?: number | undefined;
  readonly attempts?: number | undefined;
  readonly key?: string | undefined;
  /** W3C trace context, of which the trace's id is kept. */
  readonly traceparent?: string | undefined;
  /** Of which only the SHA-256 is kept. */
  readonly payload?: string | undefined;
  readonly begun?: number | undefined;
}
