import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import type { JsonObject } from '@automate/sdk';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { itRunsTheCommonActions } from '../../../packages/sql/test/action-cases.ts';
import { createWorkshop } from './open-sqlite.ts';

const workshop = createWorkshop();
let connector: Awaited<ReturnType<typeof workshop.connect>>;

beforeAll(async () => {
  connector = await workshop.connect();
});
afterAll(() => workshop.close());

itRunsTheCommonActions({
  connector: () => connector,
  async see(sql) {
    const database = new DatabaseSync(join(workshop.folder, 'test.db'), { timeout: 5000 });
    try {
      return database.prepare(sql).all();
    } finally {
      database.close();
    }
  },
  quote: (name) => `"${name}"`,
});

it('finds the next page by large whole numbers in a column without a type', async () => {
  await connector.call('execute', { sql: 'CREATE TABLE untyped (id PRIMARY KEY)' });
  const ids = ['9007199254740993', '9007199254740994', '9007199254740995'];
  await connector.call('insert_rows', { table: 'untyped', rows: ids.map((integer) => ({ id: { integer } })) });
  const page = { sql: 'SELECT id FROM untyped', key: ['id'], limit: 1 };
  const seen: unknown[] = [];
  for (let cursor: JsonObject = {}; seen.length < 4;) {
    const { rows, next_cursor: next } = await connector.call('query', { ...page, ...cursor });
    seen.push(...(rows as { id: unknown }[]).map(({ id }) => id));
    if (next === undefined) break;
    cursor = { cursor: next };
  }
  expect(seen).toStrictEqual(ids);
});
