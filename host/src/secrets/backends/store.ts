import type { SecretBackend } from '../secret-backend.ts';
import type { SecretVault } from '../secret-vault.ts';
import { describeAbsent } from '../secret-vault.ts';

/** `secretref://store/NAMESPACE/NAME` reads the latest version of a secret in the store, `?version=N` that one. */
export function createStoreBackend(vault: Pick<SecretVault, 'read'> | undefined): SecretBackend {
  return {
    read: async ({ version, ...secret }) =>
      vault === undefined ? { ok: false, reason: describeAbsent(secret, version) } : vault.read(secret, version),
  };
}
