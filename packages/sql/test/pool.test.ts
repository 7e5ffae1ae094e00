import { expect, it } from '@jest/globals';
import type { SqlConnection } from '@automate/sql';
import { Pool } from '../src/pool.ts';

/** A pool whose attempts to connect end as the test says. */
function createPool(max: number) {
  const attempts: PromiseWithResolvers<SqlConnection>[] = [];
  const connect = (): Promise<SqlConnection> => {
    const attempt = Promise.withResolvers<SqlConnection>();
    attempts.push(attempt);
    return attempt.promise;
  };
  const pool = new Pool({ server: 'Silent', max, idleMs: 1000, lifetimeMs: 60_000, connect });
  const acquire = () => pool.acquire({ deadline: Date.now() + 60_000, signal: new AbortController().signal });
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
