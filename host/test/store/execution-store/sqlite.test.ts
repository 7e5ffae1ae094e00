import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSqliteExecutionStore } from '../../../dist/store/sqlite-execution-store.js';
import { describeExecutionStore } from './describe-execution-store.ts';

describeExecutionStore('SQLite', {
  module: fileURLToPath(new URL('../../../dist/store/sqlite-execution-store.js', import.meta.url)),
  name: 'openSqliteExecutionStore',
  makePlace: async () => mkdtempSync(join(tmpdir(), 'executions-')),
  open: async (directory) => openSqliteExecutionStore(directory),
});
