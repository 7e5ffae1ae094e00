import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { openSqliteExecutionStore } from '../../../dist/store/sqlite-execution-store.js';
import { describeExecutionStore } from './describe-execution-store.ts';

describeExecutionStore('SQLite', {
  module: fileURLToPath(new URL('../../../dist/store/sqlite-execution-store.js', import.meta.url)),
  name: 'openSqliteExecutionStore',
  makePlace: async () => mkdtempSync(join(tmpdir(), 'executions-')),
  open: async (directory) => openSqliteExecutionStore(directory),
});

it('no more executions are taken than a store keeps, until some are forgotten', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'executions-'));
  const add = (key: string) =>
    store.enqueue({
      ...{ id: randomUUID(), connector: 'c', action: 'a', principal: 'p', scopes: [], priority: 0, key },
      ...{ payload: Buffer.from('x'), payloadSha256: 'x' },
    });
  let store = openSqliteExecutionStore(directory);
  await add('first');
  await store.close();
  const database = new DatabaseSync(join(directory, 'executions.db'));
  database.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF');
  // In the order of their ids, which is written the fastest.
  database.exec(`WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 999998)
    INSERT INTO executions (id, connector, action, principal, scopes, payload_sha256, priority, status, token, attempts, cancelling, created_at)
    SELECT 1000000 + n, '', '', '', '', '', 0, '', 0, 0, 0, 0 FROM n`);
  store = openSqliteExecutionStore(directory);
  expect((await add('last')).as).toBe('new');
  const full = { code: 'OVERLOADED', effect: 'none', details: { reason: 'executions_full' } };
  await expect(add('more')).rejects.toMatchObject(full);
  expect((await add('first')).as).toBe('found');
  database.exec("UPDATE executions SET expires_at = 1 WHERE id IN ('1000001', '1000002')");
  database.close();
  expect(await store.find('1000001')).toBeUndefined();
  expect((await add('more')).as).toBe('new');
  expect((await add('again')).as).toBe('new');
  await expect(add('too many')).rejects.toMatchObject(full);
  await store.close();
  rmSync(directory, { recursive: true });
});
