import type { ERROR_CODES } from '@automate/contract';
import type { OutcomeRule } from '@automate/sdk';

/**
 * What the errors of one kind mean, as Markdown: the rules that hold for every kind, from the contract's table of codes
 * and the actions' own declarations, then the kind's own rows.
 */
export function renderOutcomes(
  description: {
    readonly kind: string;
    readonly actions: readonly { readonly name: string; readonly sideEffects: boolean }[];
  },
  own: readonly OutcomeRule[],
  codes: typeof ERROR_CODES,
): string;
