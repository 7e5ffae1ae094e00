import { join } from 'node:path';
import { DATABASE_FILE } from '../store/data-dir.ts';
import { openSqliteSecretStore } from '../store/sqlite-secret-store.ts';
import type { MasterKeys } from './master-key.ts';
import type { SecretVault } from './secret-vault.ts';
import { openSecretVault } from './secret-vault.ts';

/** Opens the secrets of a data directory, which must be there. Throws as `openDatabase` does. */
export function openVault(dataDir: string, keys: MasterKeys): SecretVault {
  return openSecretVault(openSqliteSecretStore(join(dataDir, DATABASE_FILE)), keys);
}
