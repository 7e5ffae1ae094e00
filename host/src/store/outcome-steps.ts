import { OutcomeUnknownError } from '@automate/contract';
import type { CallEnd, OutcomeClaim, OutcomePlace, StoredOutcome } from './outcome-store.ts';

/** Outcomes of one store. Beyond it no more are taken: to forget one early would have its call repeated. */
export const MOST_ROWS = 1_000_000;

/** What stands where a result would, of a call whose end this very host could not write down. */
export const NOT_WRITTEN = JSON.stringify(
  new OutcomeUnknownError('the call ended, and how could not be written down, nor kept until it could', {
    blame: 'operator',
    details: { reason: 'not_written' },
  }).toEnvelope(),
);

/** What is done with the outcomes, in order. */
export type OutcomeStep =
  | { readonly op: 'begin'; readonly claim: OutcomeClaim }
  | EndStep
  | { readonly op: 'find'; readonly place: OutcomePlace }
  | { readonly op: 'clear'; readonly place: OutcomePlace }
  | { readonly op: 'forget'; readonly connector: string }
  | { readonly op: 'age'; readonly connectors: readonly string[]; readonly expiresAt: number };

export interface EndStep {
  readonly op: 'end';
  readonly place: OutcomePlace;
  readonly end: CallEnd | 'nothing';
  /** Its caller was answered so, as it could not be written down then: it counts also where others have given the call up since. */
  readonly late?: true;
}

/** What a step gives: the outcome that was found, if one was, or how many there are where no more are taken. */
export type StepAnswer = { readonly found: StoredOutcome | undefined } | { readonly full: number };
