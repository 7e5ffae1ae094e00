import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectorError } from '@automate/sdk';
import type { JsonObject } from '@automate/sdk';
import type { Begin, Dialect, SqlConnection, Statement, Traits } from '@automate/sql';
import { createRowPage, EFFECTS, serverSettings, SqlAdapter } from '@automate/sql';
import { startConnector } from '@automate/testing';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { z } from 'zod';

const traits: Traits = {
  name: 'Script',
  placeholder: '`?` stands for a parameter',
  grammar: {
    opaque: /'(?:[^']|'')*'|--[^\n]*/g,
    reads: ['select'],
    controls: ['begin'],
    isAtomic: (word) => word === 'insert',
  },
  schema: 'A schema',
  tableTypes: ['table'],
  quote: (name) => `"${name}"`,
  parameter: () => '?',
  maxParameters: 10,
  upsert: () => '',
  nullsLast: false,
};

/** A database system whose statements say what happens to them; it writes down what it was asked for. */
const log: string[] = [];
const transactions: string[] = [];
let opened = 0;
let takesChanges = true;
/** Statements with `wait`, which wait for the test to go on. */
const held: (() => void)[] = [];

const hold = (): Promise<void> => new Promise((resolve) => held.push(resolve));

/** Lets go of what waits, as soon as it is as much as this. */
async function letGo(count: number): Promise<void> {
  while (held.length < count) await sleep(1);
  for (const resolve of held.splice(0)) resolve();
}

class ScriptConnection implements SqlConnection {
  readonly name = `c${(opened += 1)}`;
  #broken = Promise.withResolvers<never>();
  /** What COMMIT will meet. */
  #later: string | undefined;
  #timeoutMs = 0;
  isOpen = true;
  readonly isIdle = false;

  constructor() {
    this.#broken.promise.catch(() => undefined);
  }
  async begin({ mode, timeoutMs }: Pick<Begin, 'mode' | 'timeoutMs'>): Promise<void> {
    if (mode === 'transaction') transactions.push(`${this.name} begin`);
    this.#timeoutMs = timeoutMs;
  }
  async run({ sql }: Statement) {
    log.push(`${this.name} ${sql}`);
    this.#later = /later (\w+)/.exec(sql)?.[1];
    if (sql.includes('hang')) await this.#broken.promise;
    if (sql.includes('wait')) await Promise.race([hold(), this.#broken.promise]);
    if (sql.includes('overrun')) {
      // The whole program stands still, as on a busy machine, and the server stops the statement meanwhile.
      jest.setSystemTime(Date.now() + this.#timeoutMs);
      throw new Error('stopped');
    }
    if (sql.includes('stop')) throw new Error('stopped');
    if (sql.includes('refuse')) throw new Error('refused');
    if (sql.includes('demote')) throw new Error('demoted');
    if (sql.includes('break')) throw new Error('broken');
    return { rows_affected: 1, ...createRowPage([], PAGE).result() };
  }
  async commit(): Promise<void> {
    transactions.push(`${this.name} commit`);
    if (this.#later !== undefined) throw new Error(this.#later);
  }
  async reset(): Promise<void> {
    if (log.at(-1)?.endsWith('once') === true) this.isOpen = false;
  }
  async cancel(): Promise<void> {
    log.push(`${this.name} cancel`);
  }
  async close(): Promise<void> {
    this.isOpen = false;
    log.push(`${this.name} close`);
  }
  destroy(): void {
    this.isOpen = false;
    log.push(`${this.name} destroy`);
    this.#broken.reject(new Error('broken'));
  }
}

const PAGE = { limit: 1, offset: 0, room: { bytes: 1000 }, tooLarge: 'cut' } as const;

const dialect: Dialect = {
  traits,
  server: 'Script at nowhere',
  connect: async () => new ScriptConnection(),
  check: async () => ({ version: '1', takesChanges }),
  explain(error, { effects, reading }) {
    const { message } = error as Error;
    const told = reading && message === 'demoted' ? 'refused' : message;
    const session = ({ refused: 'usable', stopped: 'usable', demoted: 'demoted', broken: 'broken' } as const)[told];
    if (session === undefined) return undefined;
    const effect = session === 'broken' ? effects.silent : effects.refused;
    const cancelled = message === 'stopped';
    return { error: new ConnectorError('UPSTREAM_5XX', message, { effect, retryable: false }), session, cancelled };
  },
  tables: '',
  describeTable: async () => undefined,
};

const configSchema = z.strictObject(serverSettings);

class ScriptAdapter extends SqlAdapter<z.output<typeof configSchema>> {
  readonly name = 'script';
  readonly version = '1.0.0';
  constructor() {
    super(traits, configSchema);
  }
  protected override reach(): Dialect {
    return dialect;
  }
}

let connector: Awaited<ReturnType<typeof start>>;
const start = (settings: JsonObject = {}) => startConnector(ScriptAdapter, { settings });
const execute = (sql: string, timeoutMs = 5000) => connector.call('execute', { sql }, { timeoutMs });

beforeEach(async () => {
  log.length = 0;
  transactions.length = 0;
  opened = 0;
  held.length = 0;
  takesChanges = true;
  connector = await start({ pool_size: 2 });
});
afterEach(async () => {
  jest.useRealTimers();
  await connector.close();
});

/** From here on time passes only as the test says. The pool's intervals go on, which it ends by what cannot be faked. */
const stopClock = (): unknown =>
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'setInterval', 'clearInterval'] });

it('judges by what was sent and by what came back', async () => {
  await expect(execute('INSERT refuse')).rejects.toMatchObject({ effect: EFFECTS.transaction.refused });
  await expect(execute('INSERT break')).rejects.toMatchObject({ effect: EFFECTS.transaction.silent });
  await expect(execute('CALL refuse')).rejects.toMatchObject({ effect: EFFECTS.open_ended.refused });
  await expect(connector.call('query', { sql: 'SELECT break' })).rejects.toMatchObject({ effect: 'none' });
  const statements = [{ sql: 'CALL break' }];
  await expect(connector.call('transaction', { statements })).rejects.toMatchObject({ effect: 'none' });
});

it.each([
  ['broken', EFFECTS.commit.silent, 'maybe'],
  ['refused', EFFECTS.commit.refused, 'none'],
])('does not know of a COMMIT without an answer whether it was done: %s', async (later, rule, effect) => {
  const statements = [{ sql: `INSERT later ${later}` }];
  await expect(connector.call('transaction', { statements })).rejects.toMatchObject({ effect });
  expect(rule).toBe(effect);
});

it('uses a connection again that the server only refused something on, and no other', async () => {
  await execute('INSERT');
  await expect(execute('INSERT refuse')).rejects.toBeDefined();
  await expect(execute('INSERT break')).rejects.toBeDefined();
  await execute('INSERT');
  expect(log).toStrictEqual(['c1 INSERT', 'c1 INSERT refuse', 'c1 INSERT break', 'c1 destroy', 'c2 INSERT']);
});

it('leaves all connections to a server that was demoted', async () => {
  const busy = [execute('INSERT wait'), execute('INSERT wait')];
  await letGo(2);
  await Promise.all(busy);
  takesChanges = false;
  await expect(execute('INSERT demote')).rejects.toMatchObject({ effect: 'none' });
  await execute('INSERT');
  expect(log.at(-1)).toBe('c3 INSERT');
  expect(
    log
      .slice(3, -1)
      .map((line) => line.slice(3))
      .toSorted(),
  ).toStrictEqual(['close', 'destroy']);
});

it('does not use a connection again that was busy while its server was found to be demoted', async () => {
  const busy = execute('INSERT wait');
  takesChanges = false;
  await expect(execute('INSERT demote')).rejects.toMatchObject({ effect: 'none' });
  await letGo(1);
  await busy;
  await execute('INSERT');
  expect(log.at(-1)).toBe('c3 INSERT');
});

it('stays with a server that takes changes, whatever it said of a transaction', async () => {
  await execute('INSERT');
  await expect(execute('INSERT demote')).rejects.toMatchObject({ effect: 'none' });
  await execute('INSERT');
  expect(log).toStrictEqual(['c1 INSERT', 'c1 INSERT demote', 'c1 INSERT']);
});

it('leaves a server of which the health check finds that it takes no changes, unless it is to be read only', async () => {
  takesChanges = false;
  await execute('INSERT');
  await connector.health();
  await execute('INSERT');
  expect(log.at(-1)).toBe('c2 INSERT');
  await connector.close();
  connector = await start({ read_only: true });
  await connector.health();
  await connector.call('query', { sql: 'SELECT 1' });
  expect(log.at(-1)).toBe('c3 SELECT 1');
});

it('is healthy where calls use all connections', async () => {
  const busy = [execute('INSERT wait', 60_000), execute('INSERT wait', 60_000)];
  while (held.length < 2) await sleep(1);
  stopClock();
  const health = connector.health({ timeoutMs: 5000 });
  await jest.advanceTimersByTimeAsync(5000);
  await expect(health).resolves.toMatchObject({
    status: 'healthy',
    message: 'all connections to Script at nowhere are in use',
  });
  await letGo(2);
  await Promise.all(busy);
});

it('ends a connection after its longest life', async () => {
  await connector.close();
  connector = await start({ max_lifetime_ms: 1000 });
  stopClock();
  await execute('INSERT');
  await jest.advanceTimersByTimeAsync(999);
  await execute('INSERT');
  await jest.advanceTimersByTimeAsync(1);
  const last = execute('INSERT');
  // The pool takes another turn to open one.
  await jest.advanceTimersByTimeAsync(1);
  await last;
  expect(log).toStrictEqual(['c1 INSERT', 'c1 INSERT', 'c1 close', 'c2 INSERT']);
});

it('takes leave at once of a connection that is of no use after its call', async () => {
  await execute('INSERT once');
  while (log.length < 2) await sleep(1);
  expect(log).toStrictEqual(['c1 INSERT once', 'c1 close']);
  await execute('INSERT');
  expect(log.slice(2)).toStrictEqual(['c2 INSERT']);
});

it('gives up a connection on which cancelling does not help, before the call ends without it', async () => {
  stopClock();
  const given = expect(execute('CALL hang')).rejects.toMatchObject({
    code: 'TIMEOUT',
    effect: 'maybe',
    message: expect.stringContaining('given up'),
  });
  await jest.advanceTimersByTimeAsync(5000);
  await given;
  expect(log).toStrictEqual(['c1 CALL hang', 'c1 cancel', 'c1 destroy', 'c1 destroy']);
});

it("takes the server's own limit for the deadline where it is heard of first, and anybody else's cancelling for what it is", async () => {
  stopClock();
  await expect(execute('INSERT overrun')).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true, effect: 'none' });
  const stopped = execute('INSERT stop');
  await expect(stopped).rejects.toMatchObject({ code: 'UPSTREAM_5XX', retryable: false, effect: 'none' });
});

it('writes batches within the limit of parameters', async () => {
  const rows = [1, 2, 3, 4, 5, 6].map((id) => ({ id, name: 'x', 'a"b': id }));
  await expect(connector.call('insert_rows', { table: 't', schema: 's', rows })).resolves.toStrictEqual({
    rows_affected: 2,
  });
  const values = Array.from({ length: 3 }, () => '(?, ?, ?)').join(', ');
  const sql = `c1 INSERT INTO "s"."t" ("id", "name", "a"b") VALUES ${values}`;
  expect(log).toStrictEqual([sql, sql]);
  expect(transactions).toStrictEqual(['c1 begin', 'c1 commit']);
});
