import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import type { SqlConnection } from '@automate/sql';
import { Pool } from '../src/pool.ts';

/** A pool whose attempts to connect end as the test says. */
function createPool(max: number, idleMs = 1000) {
  const attempts: PromiseWithResolvers<SqlConnection>[] = [];
  const connect = (): Promise<SqlConnection> => {
    const attempt = Promise.withResolvers<SqlConnection>();
    attempts.push(attempt);
    return attempt.promise;
  };
  const pool = new Pool({ server: 'Silent', max, idleMs, lifetimeMs: 60_000, connect });
  const acquire = (timeMs = 60_000) =>
    pool.acquire({ deadline: Date.now() + timeMs, signal: new AbortController().signal });
  return { pool, attempts, acquire };
}

const connection = { isOpen: true, close: async () => undefined, destroy: () => undefined } as unknown as SqlConnection;

it('has all who waited for an attempt to connect hear that it failed, instead of one attempt after the other', async () => {
  const { pool, attempts, acquire } = createPool(1);
  const waiting = Promise.allSettled([acquire(), acquire(), acquire()]);
  attempts[0]?.reject(new Error('no answer'));
  const outcome = { status: 'rejected', reason: { message: 'no answer' } };
  await expect(waiting).resolves.toMatchObject([outcome, outcome, outcome]);
  expect(attempts).toHaveLength(1);
  const next = acquire();
  attempts[1]?.resolve(connection);
  await expect(next).resolves.toBe(connection);
  pool.release(connection);
  await pool.close();
});

it('lets others go on whose attempt has not failed', async () => {
  const { pool, attempts, acquire } = createPool(2);
  const first = acquire();
  const second = acquire();
  const third = acquire();
  attempts[0]?.reject(new Error('no answer'));
  const settled = await Promise.allSettled([first, second]);
  expect(settled.map(({ status }) => status)).toStrictEqual(['rejected', 'rejected']);
  attempts[1]?.resolve(connection);
  await expect(third).resolves.toBe(connection);
  pool.release(connection);
  await pool.close();
});

it('lets calls wait for their turn, and says so when it does not come in time', async () => {
  const { pool, attempts, acquire } = createPool(1);
  const first = acquire();
  attempts[0]?.resolve(connection);
  await first;
  await expect(acquire(0)).rejects.toMatchObject({
    code: 'OVERLOADED',
    effect: 'none',
    retryable: true,
    details: { reason: 'pool_exhausted' },
  });
  const next = acquire();
  pool.release(connection);
  await expect(next).resolves.toBe(connection);
  expect(attempts).toHaveLength(1);
  pool.release(connection);
  await pool.close();
});

it('has room for another call where one did not come to be, and for it the connection that came too late', async () => {
  const { pool, attempts, acquire } = createPool(1);
  await expect(acquire(0)).rejects.toMatchObject({ code: 'TIMEOUT', effect: 'none' });
  const next = acquire();
  attempts[0]?.resolve(connection);
  await expect(next).resolves.toBe(connection);
  expect(attempts).toHaveLength(1);
  pool.release(connection);
  await pool.close();
});

it.each([
  ['before', (leave: () => void, release: () => void) => [leave, release]],
  ['after', (leave: () => void, release: () => void) => [release, leave]],
])('loses no connection that comes back while a call gives up: the call leaves %s', async (_when, order) => {
  const { pool, attempts, acquire } = createPool(1);
  const first = acquire();
  attempts[0]?.resolve(connection);
  await first;
  const caller = new AbortController();
  const leaving = pool.acquire({ deadline: Date.now() + 60_000, signal: caller.signal });
  const waiting = acquire();
  for (const step of order(
    () => caller.abort(),
    () => pool.release(connection),
  ))
    step();
  await expect(leaving).rejects.toMatchObject({ code: 'CANCELLED', effect: 'none' });
  await expect(waiting).resolves.toBe(connection);
  pool.release(connection);
  await pool.close();
});

it('closes a connection that nobody has used for long, and one that came to be after the pool was closed', async () => {
  const { pool, attempts, acquire } = createPool(1, 1);
  const closed: string[] = [];
  const named = (name: string) => ({ ...connection, close: async () => void closed.push(name) });
  const first = acquire();
  attempts[0]?.resolve(named('first'));
  pool.release(await first);
  while (closed.length === 0) await turn();
  const late = acquire();
  const closing = pool.close();
  attempts[1]?.resolve(named('late'));
  await closing;
  await expect(late).rejects.toMatchObject({ code: 'UNAVAILABLE', effect: 'none' });
  expect(closed).toStrictEqual(['first', 'late']);
});
