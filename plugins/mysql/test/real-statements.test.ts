import { execFileSync } from 'node:child_process';
import type { JsonObject } from '@automate/sdk';
import { describeWith } from '@automate/tooling/require-service';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mysql from 'mysql2/promise';
import { mariadb } from './start-mariadb.ts';
import type { Shop } from './start-shop.ts';
import { startShop } from './start-shop.ts';

const SETUP = [
  'CREATE TABLE item (id int PRIMARY KEY, n int DEFAULT 0)',
  'CREATE TABLE watched (id int PRIMARY KEY)',
  'CREATE TABLE old (id int PRIMARY KEY) ENGINE = MyISAM',
  'CREATE TABLE lasting (id int PRIMARY KEY) ENGINE = Aria',
  'CREATE TRIGGER watch BEFORE INSERT ON watched FOR EACH ROW INSERT INTO old VALUES (NEW.id + 1000)',
  'CREATE PROCEDURE count_up() BEGIN UPDATE item SET n = n + 1 WHERE id = 1; COMMIT; UPDATE item SET n = 9 WHERE id = 2; END',
  'CREATE PROCEDURE leave_open() BEGIN START TRANSACTION; INSERT INTO item (id) VALUES (77); END',
  'CREATE PROCEDURE switch_off() BEGIN SET autocommit = 0; INSERT INTO item (id) VALUES (78); END',
  'CREATE PROCEDURE only_read() BEGIN START TRANSACTION READ ONLY; INSERT INTO item (id) VALUES (79); END',
  `CREATE PROCEDURE leave_all() BEGIN SET @left = 1; SET SESSION sql_mode = ''; DO get_lock('mine', 0);
    CREATE TEMPORARY TABLE item (id int); END`,
  'CREATE PROCEDURE twice(IN n int, OUT doubled int, INOUT sum int) BEGIN SET doubled = n * 2; SET sum = sum + n; END',
  'CREATE PROCEDURE said(OUT n int) BEGIN SELECT 7 AS seven; SET n = 1; END',
  'CREATE PROCEDURE two() BEGIN SELECT 1 AS one; SELECT 2 AS two; END',
  'INSERT INTO item (id) VALUES (1), (2)',
];

describeWith(mariadb, 'statements that MariaDB runs', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop({ setup: SETUP });
  });
  afterAll(() => shop?.close());

  const idsOf = async (table: string): Promise<unknown[]> =>
    (await shop.server.sql(`SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => id);

  const login = { host: '127.0.0.1', user: 'boss', password: 'correct horse', database: 'shop' };
  const connectAsBoss = () => mysql.createConnection({ ...login, port: Number(new URL(shop.server.url).port) });

  /** A connector that has one connection, and which one that is. */
  async function connectOnce() {
    const single = await shop.connectWith({ database: 'shop', pool_size: 1 });
    const session = async () => (await single.call('query', { sql: 'SELECT connection_id() AS id' }))['rows'];
    return { single, session };
  }

  describe('what failed', () => {
    it('may have had an effect where a procedure commits on its way', async () => {
      await shop.server.sql('SET GLOBAL innodb_lock_wait_timeout = 1');
      const locker = await connectAsBoss();
      try {
        await locker.query('START TRANSACTION');
        await locker.query('UPDATE item SET n = n WHERE id = 2');
        await expect(shop.execute('CALL count_up()')).rejects.toMatchObject({ effect: 'maybe' });
      } finally {
        await locker.end();
      }
      await expect(shop.server.sql('SELECT n FROM item WHERE id = 1')).resolves.toStrictEqual([{ n: 1 }]);
    });

    it.each([
      ['a table that is there', 'CREATE TABLE item (id int)'],
      ['a wrong statement', 'GRANTS ALL'],
      ['a column that is there', 'ALTER TABLE item ADD COLUMN n int'],
    ])('had no effect where that is certain: %s', async (_title, sql) => {
      await expect(shop.execute(sql)).rejects.toMatchObject({ effect: 'none', retryable: false });
    });

    it('may have had an effect where several things are defined at once', async () => {
      await shop.server.sql('CREATE TABLE doomed (id int)');
      await expect(shop.execute('DROP TABLE doomed, missing')).rejects.toMatchObject({ effect: 'maybe' });
      await expect(shop.server.sql("SHOW TABLES LIKE 'doomed'")).resolves.toStrictEqual([]);
    });

    it.each(['old', 'lasting'])('is not claimed to be undone in a table without transactions: %s', async (table) => {
      await expect(shop.execute(`INSERT INTO ${table} VALUES (1), (2), (1)`)).rejects.toMatchObject({
        code: 'ALREADY_EXISTS',
        effect: 'maybe',
      });
      await expect(
        shop.transact({ sql: `INSERT INTO ${table} VALUES (3)` }, { sql: 'INSERT INTO item (id) VALUES (1)' }),
      ).rejects.toMatchObject({ code: 'ALREADY_EXISTS', effect: 'maybe' });
      await expect(
        shop.transact({ sql: `INSERT INTO ${table} VALUES (4)` }, { sql: 'SELECT ?' }),
      ).rejects.toMatchObject({ code: 'INVALID_INPUT', effect: 'maybe' });
      expect(await idsOf(table)).toStrictEqual([1, 2, 3, 4]);
    });

    it('is not claimed to be undone where the connection broke before the next statement ran', async () => {
      const [reader, definer] = [await connectAsBoss(), await connectAsBoss()];
      const waitingOne = async (statement: string): Promise<string> => {
        const sql = `SELECT id FROM information_schema.processlist WHERE state LIKE 'Waiting%' AND info LIKE '${statement}%'`;
        for (;;) for (const { id } of await shop.server.sql(sql)) return String(id);
      };
      try {
        // Whoever comes behind a definition that waits for a reader cannot even prepare a statement.
        await reader.query('START TRANSACTION');
        await reader.query('SELECT * FROM item');
        const defined = definer.query("ALTER TABLE item COMMENT = 'waits'");
        await waitingOne('ALTER');
        const insert = (table: string) => ({ sql: `INSERT INTO ${table} (id) VALUES (50)` });
        const refused = expect(shop.transact(insert('old'), insert('item'))).rejects.toMatchObject({ effect: 'maybe' });
        await shop.server.sql(`KILL ${await waitingOne('INSERT')}`);
        await refused;
        await reader.query('COMMIT');
        await defined;
      } finally {
        reader.destroy();
        definer.destroy();
      }
      expect(await idsOf('old')).toContain(50);
    });

    it('is not claimed to be undone where a trigger wrote to one', async () => {
      await expect(shop.execute('INSERT INTO watched VALUES (1), (2), (1)')).rejects.toMatchObject({ effect: 'maybe' });
      expect(await idsOf('watched')).toStrictEqual([]);
      expect(await idsOf('old')).toEqual(expect.arrayContaining([1001, 1002]));
    });

    it('had no effect where the connection was gone before anything was run', async () => {
      const { single, session } = await connectOnce();
      const [{ id }] = (await session()) as [{ id: number }];
      const boss = JSON.stringify({ ...login, port: Number(new URL(shop.server.url).port) });
      const script = `require('mysql2').createConnection(${boss}).query('KILL ${id}', () => process.exit())`;
      // While this process stands still, so that it cannot have heard of it.
      execFileSync(process.execPath, ['-e', script], { cwd: import.meta.dirname });
      await expect(single.call('execute', { sql: 'INSERT INTO item (id) VALUES (60)' })).rejects.toMatchObject({
        retryable: true,
        effect: 'none',
      });
      expect(await idsOf('item')).not.toContain(60);
    });

    it('is undone in all other tables', async () => {
      await expect(shop.execute('INSERT INTO item (id) VALUES (5), (6), (5)')).rejects.toMatchObject({
        code: 'ALREADY_EXISTS',
        effect: 'none',
      });
      expect(await idsOf('item')).toStrictEqual([1, 2]);
    });
  });

  it('update no other row than the one whose key is there', async () => {
    await shop.server.sql(
      'CREATE TABLE named (id int PRIMARY KEY, name varchar(9) UNIQUE, n int)',
      "INSERT INTO named VALUES (1, 'a', 1), (2, 'b', 2)",
    );
    const upsert = (...rows: JsonObject[]) => shop.call('upsert_rows', { table: 'named', key: ['id'], rows });
    await upsert({ id: 2, name: 'c', n: 3 }, { id: 3, name: 'd', n: 4 });
    for (const row of [
      { id: 9, name: 'a', n: 9 },
      { id: 2, name: 'a', n: 9 },
    ])
      await expect(upsert({ id: 4, name: 'e', n: 9 }, row)).rejects.toMatchObject({
        code: 'ALREADY_EXISTS',
        effect: 'none',
      });
    await expect(shop.server.sql('SELECT * FROM named ORDER BY id')).resolves.toStrictEqual([
      { id: 1, name: 'a', n: 1 },
      { id: 2, name: 'c', n: 3 },
      { id: 3, name: 'd', n: 4 },
    ]);
  });

  it.each(['leave_open', 'switch_off'])('do not succeed with changes that are undone: %s', async (name) => {
    await expect(shop.execute(`CALL ${name}()`)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'maybe',
      details: { reason: 'transaction_left_open' },
    });
    expect(await idsOf('item')).toStrictEqual([1, 2]);
  });

  it('say that there were more results than one', async () => {
    await expect(shop.execute('CALL two()')).resolves.toMatchObject({ rows: [{ one: 1 }], truncated: true });
  });

  it('are not blamed on the server where they themselves let their transaction only read', async () => {
    const { single, session } = await connectOnce();
    const before = await session();
    await expect(single.call('execute', { sql: 'CALL only_read()' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
      retryable: false,
      blame: 'caller',
      details: { reason: 'read_only' },
    });
    expect(await session()).toStrictEqual(before);
    expect(await idsOf('item')).not.toContain(79);
  });

  it('leave nothing behind in a session that the next call uses', async () => {
    const { single, session } = await connectOnce();
    const before = await session();
    await single.call('execute', { sql: 'CALL leave_all()' });
    await expect(
      single.call('query', {
        sql: 'SELECT @left AS gone, @@sql_mode LIKE "%STRICT_ALL%" AS strict, count(*) AS n FROM item',
      }),
    ).resolves.toMatchObject({ rows: [{ gone: null, strict: 1, n: 2 }] });
    await expect(shop.server.sql("SELECT is_free_lock('mine') AS free")).resolves.toMatchObject([{ free: 1 }]);
    expect(await session()).toStrictEqual(before);
  });

  it('give what is OUT in a procedure, and refuse to leave it in a variable that ends with the call', async () => {
    await expect(shop.execute('CALL twice(?, ?, ?)', [3, null, 10])).resolves.toMatchObject({
      rows: [{ doubled: 6, sum: 13 }],
      truncated: false,
    });
    await expect(shop.execute('CALL said(?)', [null])).resolves.toMatchObject({
      rows: [{ seven: 7 }],
      truncated: true,
    });
    await expect(shop.execute('CALL twice(3, @a, @b)')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
      message: expect.stringContaining('a ? with null'),
    });
  });

  it.each([
    'SET autocommit = 0',
    "SELECT GET_LOCK('mine', 0)",
    'SELECT 1 INTO @x',
    'SET @x = 1',
    "SET NAMES 'latin1'",
    'SET SESSION sql_mode = 0',
    '/* a comment */ USE mysql',
    "PREPARE p FROM 'SELECT 1'",
    'EXECUTE p',
    'DEALLOCATE PREPARE p',
    'HANDLER item OPEN',
    'LOCK TABLES item WRITE',
    'UNLOCK TABLES',
    'FLUSH TABLES WITH READ LOCK',
    'CREATE TEMPORARY TABLE t (a int)',
    'CREATE OR REPLACE TEMPORARY TABLE t (a int)',
    'DROP TEMPORARY TABLE t',
    "XA START 'a'",
    'BEGIN',
    'START TRANSACTION READ WRITE',
    'SAVEPOINT a',
    'BACKUP STAGE START',
  ])('are refused where their effect would be gone at once: %s', async (sql) => {
    await expect(shop.execute(sql)).rejects.toMatchObject({ code: 'INVALID_INPUT', effect: 'none' });
  });

  it('are taken where they last', async () => {
    await shop.execute('SET GLOBAL max_connections = 150');
    await expect(shop.server.sql('SELECT @@max_connections AS n')).resolves.toStrictEqual([{ n: 150 }]);
    await shop.execute('SET STATEMENT max_statement_time = 5 FOR INSERT INTO item (id) VALUES (50)');
    expect(await idsOf('item')).toContain(50);
  });

  it('write no file that a transaction would not undo', async () => {
    await expect(
      shop.transact({ sql: "SELECT 1 INTO OUTFILE '/tmp/never'" }, { sql: 'SELECT 1' }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT', effect: 'none' });
  });

  it('are not run again where the server is one that only reads', async () => {
    await shop.server.sql('SET GLOBAL tx_read_only = 1');
    try {
      const reader = await shop.connectWith({ database: 'shop' });
      await expect(reader.call('execute', { sql: 'INSERT INTO item (id) VALUES (60)' })).rejects.toMatchObject({
        effect: 'none',
        retryable: true,
        details: { reason: 'server_read_only' },
      });
      expect(await idsOf('item')).not.toContain(60);
    } finally {
      await shop.server.sql('SET GLOBAL tx_read_only = 0');
    }
  });

  it('are not well on a server that only reads, unless they only read themselves', async () => {
    const login = { auth: { type: 'basic', username: 'boss', password: 'correct horse' } } as const;
    const [writer, reader] = await Promise.all(
      [false, true].map((readOnly) =>
        shop.connect({ url: shop.server.url, settings: { read_only: readOnly }, config: login }),
      ),
    );
    await shop.server.sql('SET GLOBAL read_only = 1');
    try {
      await expect(writer?.health()).resolves.toMatchObject({
        status: 'unhealthy',
        details: { reason: 'server_read_only' },
      });
      await expect(reader?.health()).resolves.toMatchObject({ status: 'healthy' });
      await expect(reader?.call('query', { sql: 'SELECT 1 AS one' })).resolves.toMatchObject({ rows: [{ one: 1 }] });
    } finally {
      await shop.server.sql('SET GLOBAL read_only = 0');
    }
    await expect(writer?.health()).resolves.toMatchObject({ status: 'healthy' });
  });
});
