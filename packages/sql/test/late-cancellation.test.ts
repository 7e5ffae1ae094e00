import type { ConnectorContext } from '@automate/sdk';
import { UpstreamError } from '@automate/sdk';
import { afterEach, expect, it } from '@jest/globals';
import { Database } from '../src/database.ts';
import type { Call, Dialect, SqlConnection } from '../src/dialect.ts';
import type { StatementResult } from '../src/result-schemas.ts';
import { serverSettings } from '../src/settings.ts';
import { z } from 'zod';

const DONE: StatementResult = { columns: [], rows: [], row_count: 0, truncated: false, rows_affected: 1 };

const databases: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const database of databases.splice(0)) await database.close();
});

/** A server whose statements end as if all were well when they are cancelled, before the cancellation has arrived. */
function openDatabase(behaviour: Partial<SqlConnection> = {}) {
  /** Whose caller leaves while the statement of the call runs. */
  let leaving = new AbortController();
  const opened: { destroyed: boolean }[] = [];
  const connect = async (): Promise<SqlConnection> => {
    const state = { destroyed: false };
    opened.push(state);
    let end: ((result: StatementResult) => void) | undefined;
    const nothing = async (): Promise<void> => undefined;
    return {
      begin: nothing,
      commit: nothing,
      reset: nothing,
      close: nothing,
      cancel: async () => end?.(DONE),
      destroy: () => void (state.destroyed = true),
      isOpen: true,
      isIdle: false,
      ...behaviour,
      run(...given) {
        const caller = leaving;
        setImmediate(() => caller.abort());
        return behaviour.run?.(...given) ?? new Promise((resolve) => (end = resolve));
      },
    };
  };
  const explain = (error: unknown) => ({
    error: new UpstreamError(String(error)),
    session: 'usable' as const,
    cancelled: String(error).includes('cancelled'),
  });
  const traits = { grammar: { opaque: /''/g, controls: [], isAtomic: () => false } };
  const dialect = { traits, server: 'A server', connect, explain };
  const limits = { concurrency: 1, startTimeoutMs: 60_000 };
  const context = { id: 'test', config: { limits }, signal: new AbortController().signal };
  const database = new Database(
    context as unknown as ConnectorContext,
    z.object(serverSettings).parse({}),
    dialect as unknown as Dialect,
  );
  databases.push(database);
  /** A call whose caller leaves while it runs. */
  const call = (): Call => {
    leaving = new AbortController();
    return { deadline: Date.now() + 60_000, signal: leaving.signal };
  };
  return { database, opened, change: () => database.change(call(), STATEMENT, PAGE), call };
}

const PAGE = { limit: 1, offset: 0, room: { bytes: 1000 }, tooLarge: 'cut' } as const;
const STATEMENT = { sql: 'CALL work()', params: [] };

it('hands no connection on whose cancellation is still on its way', async () => {
  const { opened, change } = openDatabase();
  await expect(change()).resolves.toBe(DONE);
  await expect(change()).resolves.toBe(DONE);
  expect(opened).toStrictEqual([{ destroyed: true }, { destroyed: true }]);
});

it('does not use a connection again whose statement ended for another reason than its cancellation', async () => {
  const ended = Promise.withResolvers<StatementResult>();
  const { opened, change } = openDatabase({
    run: () => ended.promise,
    cancel: async () => ended.reject(new Error('refused')),
  });
  await expect(change()).rejects.toThrow('refused');
  expect(opened).toStrictEqual([{ destroyed: true }]);
});

it('commits nothing where a statement was cancelled and ended as if all were well', async () => {
  let committed = false;
  const { database, call } = openDatabase({ commit: async () => void (committed = true) });
  const done = database.transact(call(), undefined, (session) => session.run(STATEMENT, PAGE));
  await expect(done).rejects.toMatchObject({ code: 'CANCELLED', effect: 'none' });
  expect(committed).toBe(false);
});

it('takes no rows for an answer of a statement that was cancelled while it read', async () => {
  const { database, call } = openDatabase();
  const read = database.read(call(), 1, (session) => session.run(STATEMENT, PAGE));
  await expect(read).rejects.toMatchObject({ code: 'CANCELLED', effect: 'none' });
});

it('begins nothing on a connection before its last cancellation has arrived', async () => {
  const steps: string[] = [];
  const arrived = Promise.withResolvers<void>();
  let stop = (): void => undefined;
  const { opened, change } = openDatabase({
    run: async () => {
      steps.push('run');
      await new Promise<void>((resolve) => (stop = resolve));
      throw new Error('cancelled');
    },
    cancel: async () => {
      stop();
      await arrived.promise;
      steps.push('arrived');
    },
    reset: async () => void steps.push('reset'),
  });
  await expect(change()).rejects.toMatchObject({ code: 'CANCELLED' });
  const next = change();
  setImmediate(() => arrived.resolve());
  await expect(next).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(steps.slice(0, 4)).toStrictEqual(['run', 'arrived', 'reset', 'run']);
  expect(opened).toHaveLength(1);
});

it('takes the place back of a connection whose server says nothing more', async () => {
  const { opened, change } = openDatabase({
    run: async () => DONE,
    reset: () => Promise.withResolvers<void>().promise,
  });
  for (let call = 0; call < 2; call += 1) await expect(change()).resolves.toBe(DONE);
  expect(opened[0]).toStrictEqual({ destroyed: true });
});
