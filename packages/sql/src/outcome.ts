import type { Effect } from '@automate/sdk';

/**
 * What was on its way when a call failed. `open_ended`: a statement that may leave something behind (a procedure that
 * commits on its way, for one). `reading` and `transaction`: any statement of a transaction of ours before its end.
 */
export type Sent = 'nothing' | 'reading' | 'transaction' | 'open_ended' | 'commit';

/** What an error says of the effect: by the server's own word that it failed, and without any word of it. */
export interface Effects {
  readonly refused: Effect;
  readonly silent: Effect;
}

/** Tells of an error that its statement did nothing: it came before that ran. */
export function neverRun(error: unknown): object {
  return Object.assign(Object(error) as object, { neverRun: true });
}

/** Whether the server may have acted: decided by what was sent and whether the server itself said that it failed. */
export const EFFECTS: Readonly<Record<Sent, Effects>> = {
  nothing: { refused: 'none', silent: 'none' },
  reading: { refused: 'none', silent: 'none' },
  transaction: { refused: 'none', silent: 'none' },
  open_ended: { refused: 'maybe', silent: 'maybe' },
  commit: { refused: 'none', silent: 'maybe' },
};
