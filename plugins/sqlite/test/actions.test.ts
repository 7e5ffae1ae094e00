import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
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
