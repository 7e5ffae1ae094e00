import type { Effect } from '@automate/contract';

/**
 * One thing that can go wrong with a kind's calls, and what it then means: a row of the table that the kind's README
 * shows. A package that has such rows exports them as `outcomes` from `src/outcomes.ts`: a list for all of its kinds, or a
 * list for each by its name.
 */
export interface OutcomeRule {
  /** What happened, in words of the kind's users, as Markdown: ``the server refused a lock (1205), TIMEOUT``. */
  readonly when: string;
  /** Whether the remote system may have acted. */
  readonly effect: Effect;
  /** Whether the host tries again by itself, where the effect permits it; text says on which condition. */
  readonly retried: boolean | string;
}
