import type { JsonObject, Problem } from '@automate/contract';
import { MASKED_SECRET } from '@automate/contract';
import type { SecretOwner } from '../secrets/own-secrets.ts';
import { secretsInUrl } from '../secrets/url-secrets.ts';
import type { Leaf } from './json-leaves.ts';
import { leavesOf, withLeaves } from './json-leaves.ts';
import { describePath, isResolved } from './registered-secrets.ts';

/** Texts for people, of which nothing hangs on a part. */
const PROSE: readonly unknown[] = ['name', 'description', 'tags'];

/**
 * What is wrong with texts of a registration or profile that hold what seems to be a secret, in a field where none can be kept
 * elsewhere: it would lie in the database in clear.
 */
export function findClearSecrets(wire: JsonObject, owner: SecretOwner): readonly Problem[] {
  const places = owner.kind === 'profile' ? 'secrets or settings' : 'auth, settings, metadata, proxy or base_path';
  return clearTextsOf(wire, owner).map(({ path }) => ({
    path: describePath(path),
    expected: `a text without a secret: what lets somebody in belongs into ${places}, which are kept sealed`,
    received: 'a URL or a path with what seems to be one',
  }));
}

/** The same with those parts of texts for people masked. */
export function maskClearTexts(wire: JsonObject, owner: SecretOwner): JsonObject {
  const prose = clearTextsOf(wire, owner).filter(({ path }) => PROSE.includes(path[0]));
  return withLeaves(
    wire,
    prose.map(({ path, value }) => ({
      path,
      value: secretsInUrl(value).reduce((text, secret) => text.replaceAll(secret, MASKED_SECRET), value),
    })),
  );
}

/** Names of files are as they are: nobody gets in by one. */
function clearTextsOf(wire: JsonObject, owner: SecretOwner): readonly (Leaf & { readonly value: string })[] {
  return leavesOf(wire).flatMap(({ path, value }) =>
    typeof value === 'string' && path[0] !== 'tls' && !isResolved(path, owner) && secretsInUrl(value).length > 0
      ? [{ path, value }]
      : [],
  );
}
