import type { CallProgress, ErrorEnvelope, Scope } from '@automate/contract';
import type { Saying } from './line-end.ts';

/** Where a line begins, at the door of gRPC, which has it as well. */
export const LINE_PATH = '/automate.Hosts/Line';

/** What whoever calls says of a call, which `n` names from then on: that it is made, with its payload as text, or that its caller left. */
export interface SaidOfCall extends Saying {
  readonly n: number;
  readonly left?: true;
  readonly id?: string;
  readonly action?: string;
  readonly key?: string | undefined;
  /** For how long the caller still waits, in milliseconds. */
  readonly waitsMs?: number | undefined;
  /** Who calls, as the host that let them in knows them, and through which door they came there. */
  readonly name?: string;
  readonly scopes?: readonly Scope[];
  readonly door?: string | undefined;
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  /** Whether the caller hears of progress. */
  readonly told?: true;
}

/** What whoever is called says: what became of a call, with its result as text, or how far it is; or that it takes no more. */
export interface SaidOfAnswer extends Saying {
  readonly n?: number;
  readonly attempts?: number;
  readonly durationMs?: number;
  readonly replayed?: boolean;
  readonly resultDropped?: true;
  readonly error?: ErrorEnvelope;
  readonly progress?: CallProgress;
  /** The last batch that was taken: what came later was not begun. */
  readonly last?: number;
}
