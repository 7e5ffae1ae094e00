import type { SecretName } from '../store/secret-store.ts';
import { describeSecret } from '../store/secret-store.ts';
import { ownerOfSecret } from './own-secrets.ts';
import type { SecretVault } from './secret-vault.ts';

/**
 * Gives a function that says which secrets have another latest version than when it was last called; those of connectors and profiles
 * change with what they belong to, and are left out.
 */
export function watchSecrets(vault: Pick<SecretVault, 'list'>): () => Promise<readonly SecretName[]> {
  const read = async (): Promise<ReadonlyMap<string, SecretName & { readonly version: number }>> =>
    new Map((await vault.list()).map((stored) => [describeSecret(stored), stored]));
  // Read at once: a change that comes before this is known to the connectors that start later.
  let known = read();
  known.catch(() => undefined);
  return async () => {
    const before = await known.catch(() => new Map<string, SecretName & { readonly version: number }>());
    const now = await read();
    known = Promise.resolve(now);
    return [...now.values(), ...before.values()].filter(
      (secret, index, all) =>
        ownerOfSecret(secret) === undefined &&
        before.get(describeSecret(secret))?.version !== now.get(describeSecret(secret))?.version &&
        all.findIndex((each) => describeSecret(each) === describeSecret(secret)) === index,
    );
  };
}
