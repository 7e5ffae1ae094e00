import type { Problem } from '@automate/contract';
import { quote } from '@automate/contract';
import type { Choice } from './choose-operations.ts';
import { choicesOf, chooseOperations, suggestedOperations } from './choose-operations.ts';
import { loadDocument } from './load-document.ts';
import type { LoadedDocument } from './load-document.ts';
import type { RenderedOperations } from './render-operations.ts';
import { renderOperations } from './render-operations.ts';

/** Asks a person which operations become actions; `undefined` is one who gave up. */
export type AskOperations = (choices: readonly Choice[]) => Promise<readonly string[] | undefined>;

export type ReadOperations =
  | { readonly operations: RenderedOperations | undefined }
  | { readonly problem: Problem }
  | { readonly givenUp: true };

/**
 * What a document adds to a package: reads it, finds out which operations are wanted, and renders them.
 *
 * @param options.document where it is; undefined for a template without one
 * @param options.patterns as the flag has them
 * @param options.ask for a terminal
 */
export async function readOperations(options: {
  readonly document: string | undefined;
  readonly patterns: string | undefined;
  readonly ask?: AskOperations;
  readonly takeSuggestions: boolean;
}): Promise<ReadOperations> {
  const { document: place, patterns, ask, takeSuggestions } = options;
  if (place === undefined) {
    if (patterns === undefined) return { operations: undefined };
    return { problem: { path: '--operations', expected: '--document beside it', received: quote(patterns) } };
  }
  let loaded: LoadedDocument;
  try {
    loaded = await loadDocument(place);
  } catch (error) {
    const received = `${quote(place)}: ${(error as Error).message}`;
    return { problem: { path: '--document', expected: 'an OpenAPI document', received } };
  }
  const { document } = loaded;
  const choices = choicesOf(document);
  let wanted = patterns ?? (takeSuggestions ? suggestedOperations(choices) : undefined);
  if (wanted === undefined && ask !== undefined && choices.length > 0) {
    const picked = await ask(choices);
    if (picked === undefined) return { givenUp: true };
    wanted = picked.join(',');
  }
  if (wanted === undefined) {
    const some = choices.slice(0, 12).map(({ name }) => name);
    const more = choices.length > some.length ? ` and ${choices.length - some.length} more` : '';
    const expected =
      choices.length === 0
        ? 'a document with operations that can be actions'
        : `operations of the document, or "*" for all ${choices.length}: ${some.join(', ')}${more}`;
    return { problem: { path: choices.length === 0 ? '--document' : '--operations', expected, received: 'nothing' } };
  }
  const chosen = chooseOperations(document, wanted);
  if ('problem' in chosen)
    return {
      problem: {
        path: '--operations',
        expected: 'operations of the document',
        received: `${quote(wanted)}: ${chosen.problem}`,
      },
    };
  const rendered = renderOperations(loaded, chosen.operations);
  const leftOut = [...chosen.leftOut, ...rendered.leftOut];
  const refused = rendered.actions.length === 0 ? leftOut : leftOut.filter(chosen.isNamed);
  if (refused.length === 0) return { operations: { ...rendered, leftOut } };
  const reasons = refused.map(({ operation, reason }) => `${operation}: ${reason}`).join('; ');
  return { problem: { path: '--operations', expected: 'operations that can be actions', received: reasons } };
}
