import { fileURLToPath } from 'node:url';
import type { ExecutionStore } from '../../../dist/store/execution-store.js';
import { openStores } from '../../../dist/store/open-stores.js';
import { describeWithPostgres } from '../../fixtures/postgres-databases.ts';
import { describeExecutionStore } from './describe-execution-store.ts';

describeWithPostgres('a database that hosts share', (databases) => {
  describeExecutionStore('PostgreSQL', {
    module: fileURLToPath(new URL('fixtures/open-postgres-executions.mjs', import.meta.url)),
    name: 'openPostgresExecutions',
    // Each host connects anew, and migrates nothing.
    kills: 40,
    makePlace: () => databases.create(),
    open: async (storeUrl): Promise<ExecutionStore> => {
      const { executions, close } = await openStores({ dataDir: '', storeUrl });
      return { ...executions, close };
    },
  });
});
