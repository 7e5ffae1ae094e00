import { looksLikeSecretReference, parseSecretReference } from '@automate/contract/schemas';
import type { SecretReference } from '@automate/contract/schemas';

export type ParsedReference =
  | { readonly kind: 'literal' }
  | { readonly kind: 'reference'; readonly reference: SecretReference }
  | { readonly kind: 'malformed'; readonly reason: string };

/** What a text of the configuration is: a value of its own, a reference, or a reference gone wrong, which is never taken for a value. */
export function parseSecretRef(text: string): ParsedReference {
  if (!looksLikeSecretReference(text)) return { kind: 'literal' };
  const parsed = parseSecretReference(text);
  if (parsed.ok) return { kind: 'reference', reference: parsed.reference };
  return { kind: 'malformed', reason: parsed.message ?? `expected ${parsed.expected}` };
}
