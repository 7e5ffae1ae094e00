import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { JsonObject } from '@automate/sdk';

/** A connector, as far as the cases use it. */
export interface Connector {
  call(action: string, input?: JsonObject, options?: { readonly timeoutMs?: number }): Promise<JsonObject>;
  health(): Promise<unknown>;
}

/** A real server and a connector to it. What happened there is seen over connections that are not the connector's. */
export interface OutcomeServer {
  /** Opens everything, with an empty table `mark (id integer primary key)`. */
  open(): Promise<Connector>;
  close(): Promise<void>;
  /** Runs a statement over a connection of its own. */
  see(sql: string): Promise<readonly object[]>;
  /** A statement that commits a row of `mark` and then fails in a way that is worth another try elsewhere. */
  readonly errorAfterCommit?: (id: number) => string;
  /** A statement that puts a row into `mark` and gives back 3 MB. */
  readonly tooLarge?: (id: number) => string;
  /** A statement that puts a row into `mark` and takes a minute. */
  readonly slow?: (id: number) => string;
  /** Cancels what the connector is running, as an administrator does, once it runs. */
  readonly cancel?: () => Promise<void>;
  /** Ends the connector's connections as they are, or the connector, while it works. Gives the connector to go on with. */
  readonly interrupt: (connector: Connector) => Promise<Connector>;
  /** Ends the server as a crash does, and starts it again. */
  readonly crash?: () => Promise<void>;
  /** Holds a lock on the row of `mark` while the work runs, and has statements of the connector wait for locks only shortly. */
  readonly whileLocked: (id: number, work: () => Promise<void>) => Promise<void>;
  /** Has the server refuse changes and its name lead to another one. Sees the other one. */
  readonly failOver?: () => Promise<{ see(sql: string): Promise<readonly object[]> }>;
  /** Opens a connector that reaches the server through a pooler, where there is one. */
  readonly openPooled?: () => Promise<Connector>;
}

/** What every kind of database has to get right, to be called within a `describe`. */
export function itTellsOutcomesTruly(server: OutcomeServer): void {
  let connector: Connector;
  beforeAll(async () => {
    connector = await server.open();
  });
  afterAll(() => server.close());

  const execute = (sql: string, options: { readonly timeoutMs?: number } = {}) =>
    connector.call('execute', { sql }, options);
  const isThere = async (id: number): Promise<boolean> =>
    (await server.see(`SELECT id FROM mark WHERE id = ${id}`)).length === 1;

  const { errorAfterCommit, tooLarge, slow, cancel, failOver, openPooled } = server;

  if (errorAfterCommit !== undefined)
    it('does not vouch for a statement that failed after it had committed', async () => {
      await expect(execute(errorAfterCommit(1))).rejects.toMatchObject({ effect: 'maybe' });
      expect(await isThere(1)).toBe(true);
    });

  if (tooLarge !== undefined)
    it('gives a cut result where a change gives back too much', async () => {
      const result = await execute(tooLarge(2));
      expect(result).toMatchObject({ rows_affected: 1, row_count: 1 });
      expect(JSON.stringify(result['rows'])).toMatch(/\{"truncated":\d+\}/);
      expect(await isThere(2)).toBe(true);
      const both = await connector.call('transaction', { statements: [{ sql: tooLarge(3) }, { sql: tooLarge(4) }] });
      expect(both).toMatchObject({ results: [{ rows_affected: 1 }, { rows_affected: 1 }] });
      expect(await isThere(3)).toBe(true);
      expect(await isThere(4)).toBe(true);
    });

  const { crash } = server;
  const interruptions: [string, number, () => Promise<void>][] = [
    ['it is interrupted', 1000, async () => void (connector = await server.interrupt(connector))],
    ...(crash === undefined
      ? []
      : [['the server crashes', 100_000, crash] satisfies [string, number, () => Promise<void>]]),
  ];
  it.each(interruptions)(
    'has written what it acknowledged, and not what it said to be without effect, when %s',
    async (_title, first, interrupt) => {
      const acknowledged: number[] = [];
      const denied: number[] = [];
      let id = first;
      let going = true;
      const write = async (): Promise<void> => {
        while (going) {
          const mine = (id += 1);
          const done = await execute(`INSERT INTO mark (id) VALUES (${mine})`).then(
            () => true,
            (error: { readonly effect: string }) => error.effect,
          );
          if (done === true) acknowledged.push(mine);
          else if (done === 'none') denied.push(mine);
          // Whoever is refused at once would else keep the others from being heard.
          if (done !== true) await sleep(5);
        }
      };
      const writers = [write(), write(), write()];
      while (acknowledged.length < 20) await sleep(5);
      await interrupt();
      const before = acknowledged.length;
      while (acknowledged.length < before + 20) await sleep(5);
      going = false;
      await Promise.all(writers);
      const rows = await server.see(`SELECT id FROM mark WHERE id > ${first}`);
      const there = new Set(rows.map((row) => Number((row as { readonly id: unknown }).id)));
      expect(acknowledged.filter((each) => !there.has(each))).toStrictEqual([]);
      expect(denied.filter((each) => there.has(each))).toStrictEqual([]);
    },
  );

  if (slow !== undefined && cancel !== undefined)
    it('does not start again what an administrator cancelled', async () => {
      const running = expect(execute(slow(5))).rejects.toMatchObject({
        retryable: false,
        effect: 'none',
        details: { reason: 'canceled_by_server' },
      });
      await cancel();
      await running;
      expect(await isThere(5)).toBe(false);
    });

  if (slow !== undefined)
    it('knows what became of a statement that ran out of time', async () => {
      const failure: unknown = await execute(slow(6), { timeoutMs: 2500 }).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'TIMEOUT' });
      // Where the machine is so busy that the server's word comes too late, the connection was given up, and nothing is known.
      if (!String(failure).includes('given up')) expect(failure).toMatchObject({ effect: 'none' });
      const query = { sql: slow(6).replace(/^.*?(?=\bselect\b)/is, '') };
      await expect(connector.call('query', query, { timeoutMs: 1000 })).rejects.toMatchObject({
        code: 'TIMEOUT',
        effect: 'none',
      });
      expect(await isThere(6)).toBe(false);
    });

  it('is worth another try, and had no effect, where a lock stood in the way', async () => {
    await server.see('INSERT INTO mark (id) VALUES (7)');
    await server.whileLocked(7, async () => {
      await expect(execute('UPDATE mark SET id = 8 WHERE id = 7')).rejects.toMatchObject({
        retryable: true,
        effect: 'none',
      });
    });
    expect(await isThere(7)).toBe(true);
    await expect(execute('UPDATE mark SET id = 8 WHERE id = 7')).resolves.toMatchObject({ rows_affected: 1 });
    expect(await isThere(8)).toBe(true);
  });

  if (openPooled !== undefined)
    it('says the same through a pooler', async () => {
      const pooled = await openPooled();
      await expect(pooled.call('execute', { sql: 'INSERT INTO mark (id) VALUES (9)' })).resolves.toMatchObject({
        rows_affected: 1,
      });
      await expect(pooled.call('execute', { sql: 'INSERT INTO mark (id) VALUES (9)' })).rejects.toMatchObject({
        code: 'ALREADY_EXISTS',
        effect: 'none',
      });
      expect(await isThere(9)).toBe(true);
    });

  // The last one: the server takes no changes from here on.
  if (failOver !== undefined)
    it('leaves a server that was demoted, without having had an effect', async () => {
      await execute('INSERT INTO mark (id) VALUES (10)');
      const other = await failOver();
      await expect(execute('INSERT INTO mark (id) VALUES (11)')).rejects.toMatchObject({
        retryable: true,
        effect: 'none',
      });
      await expect(execute('INSERT INTO mark (id) VALUES (11)')).resolves.toMatchObject({ rows_affected: 1 });
      expect(await isThere(11)).toBe(false);
      await expect(other.see('SELECT id FROM mark WHERE id = 11')).resolves.toHaveLength(1);
    });
}
