import type { ConnectorContext } from '@automate/sdk';
import { expect, it } from '@jest/globals';
import { Database } from '../src/database.ts';
import type { Dialect, SqlConnection, StatementResult } from '../src/dialect.ts';
import { serverSettings } from '../src/settings.ts';
import { z } from 'zod';

const DONE: StatementResult = { columns: [], rows: [], row_count: 0, truncated: false, rows_affected: 1 };

/** A server whose statements end as if all were well when they are cancelled, before the cancellation has arrived. */
function openDatabase() {
  const opened: { destroyed: boolean }[] = [];
  const connect = async (): Promise<SqlConnection> => {
    const state = { destroyed: false };
    opened.push(state);
    let end: ((result: StatementResult) => void) | undefined;
    const nothing = async (): Promise<void> => undefined;
    return {
      begin: nothing,
      prepare: nothing,
      commit: nothing,
      reset: nothing,
      close: nothing,
      run: () => new Promise((resolve) => (end = resolve)),
      cancel: () => end?.(DONE),
      destroy: () => void (state.destroyed = true),
      isOpen: true,
    };
  };
  const traits = { grammar: { opaque: /''/g, controls: [], isAtomic: () => false } };
  const dialect = { traits, server: 'A server', changesInTransaction: false, connect, explain: () => undefined };
  const context = { id: 'test', config: { limits: { concurrency: 1 } } };
  const database = new Database(
    context as unknown as ConnectorContext,
    z.object(serverSettings).parse({}),
    dialect as unknown as Dialect<SqlConnection>,
  );
  return { database, opened };
}

it('hands no connection on whose cancellation is still on its way', async () => {
  const { database, opened } = openDatabase();
  const page = { limit: 1, offset: 0, room: { bytes: 1000 }, tooLarge: 'cut' } as const;
  const statement = { sql: 'CALL work()', params: [] };
  const change = (): Promise<StatementResult> => {
    const leaving = new AbortController();
    const call = database.change({ deadline: Date.now() + 60_000, signal: leaving.signal }, statement, page);
    setImmediate(() => leaving.abort());
    return call;
  };
  await expect(change()).resolves.toBe(DONE);
  await expect(change()).resolves.toBe(DONE);
  expect(opened).toStrictEqual([{ destroyed: true }, { destroyed: true }]);
});
