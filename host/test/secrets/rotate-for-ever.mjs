// Rotates the master key of the data directory that it is given, again and again, until it is killed.
import { join } from 'node:path';
import { openMasterKeys } from '../../dist/secrets/master-key.js';
import { openSecretVault } from '../../dist/secrets/secret-vault.js';
import { openSqliteSecretStore } from '../../dist/store/sqlite-secret-store.js';

const [, , dataDir = ''] = process.argv;
const vault = openSecretVault(
  openSqliteSecretStore(join(dataDir, 'connectors.db')),
  openMasterKeys({ dataDir, keyFile: undefined }),
);
process.stdout.write('begin\n');
for (;;) await vault.rotate();
