import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectorAdapter, Effect, JsonObject } from '@automate/sdk';
import type { StartedConnector } from '@automate/testing';
import { describe, expect, it } from '@jest/globals';

const ACTIONS = ['query', 'execute', 'transaction'] as const;
type Action = (typeof ACTIONS)[number];

export interface StoppableServer {
  readonly connector: () => StartedConnector<ConnectorAdapter>;
  /** A statement that takes a minute. */
  readonly slow: (action: Action) => string;
  /** How many of these run in the server. */
  running(): Promise<number>;
  /** Ends the server with all that runs there. */
  stop(): Promise<void>;
  restart(): Promise<unknown>;
  /** What is known of the effect of a slow statement whose connection breaks. */
  readonly lost: Readonly<Record<Action, Effect>>;
}

/** What becomes of statements and servers that are stopped, to be called within a `describe`. */
export function itKnowsWhatWasStopped({ connector, slow, running, stop, restart, lost }: StoppableServer): void {
  const inputOf = (action: Action): JsonObject => {
    const statement = { sql: slow(action) };
    return action === 'transaction' ? { statements: [statement] } : statement;
  };
  const untilRunning = async (count: number): Promise<void> => {
    while ((await running()) !== count) await sleep(20);
  };
  const one = () => connector().call('query', { sql: 'SELECT 1 AS one' });
  /** Where the machine is so busy that the server's word comes too late, the connection is given up. */
  const expectStopped = async (call: Promise<unknown>, expected: object): Promise<void> => {
    const failure: unknown = await call.catch((error: unknown) => error);
    expect(failure).toMatchObject(expected);
    if (!String(failure).includes('given up')) expect(failure).toMatchObject({ effect: 'none' });
    await untilRunning(0);
  };

  describe('a slow statement', () => {
    it.each(ACTIONS)('of %s ends with the deadline of the call, in the server too', async (action) => {
      const call = connector().call(action, inputOf(action), { timeoutMs: 1500 });
      await expectStopped(call, { code: 'TIMEOUT', retryable: true });
      await expect(one()).resolves.toMatchObject({ rows: [{ one: 1 }] });
    });

    it('is cancelled in the server when the caller leaves', async () => {
      const leaving = new AbortController();
      const context = { deadline: Date.now() + 60_000, signal: leaving.signal };
      const call = connector().adapter.execute('execute', inputOf('execute'), context as never);
      await untilRunning(1);
      leaving.abort();
      await expectStopped(call, { code: 'CANCELLED' });
    });
  });

  describe('a server that is stopped', () => {
    const failure = { code: 'TRANSIENT_NETWORK', retryable: true };

    it('is unreachable, breaks off what runs, and is used again once it is back', async () => {
      const calls = Promise.allSettled(
        ACTIONS.map((action) => connector().call(action, inputOf(action), { timeoutMs: 60_000 })),
      );
      await untilRunning(3);
      await stop();
      const reasons = (await calls).map((each) => (each.status === 'rejected' ? (each.reason as object) : undefined));
      expect(reasons).toMatchObject(ACTIONS.map((action) => ({ ...failure, effect: lost[action] })));
      const change = connector().call('execute', { sql: 'DELETE FROM item' });
      await expect(change).rejects.toMatchObject({ ...failure, effect: 'none' });
      await expect(connector().health()).resolves.toMatchObject({
        status: 'unhealthy',
        details: { code: 'TRANSIENT_NETWORK' },
      });
      await restart();
      const count = connector().call('query', { sql: 'SELECT count(*) AS n FROM item' });
      await expect(count).resolves.toMatchObject({ rows: [{ n: 2 }] });
      await expect(connector().health()).resolves.toMatchObject({ status: 'healthy' });
    });

    it('is used again after all of its idle connections broke', async () => {
      await Promise.all([one(), one(), one()]);
      await stop();
      await restart();
      await expect(one()).resolves.toMatchObject({ rows: [{ one: 1 }] });
    });
  });
}
