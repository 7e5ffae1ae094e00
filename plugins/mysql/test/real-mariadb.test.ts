// Long: everything that takes the real server, which is started once for all of it.
import type { JsonObject, JsonValue } from '@automate/sdk';
import { describeWith } from '@automate/tooling/require-service';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StartConnectorOptions } from '@automate/testing';
import { startConnector } from '@automate/testing';
import mysql from 'mysql2/promise';
import { itRunsTheCommonActions } from '../../../packages/sql/test/action-cases.ts';
import { itKnowsWhatWasStopped } from '../../../packages/sql/test/stopping-cases.ts';
import MysqlAdapter from '../src/mysql-adapter.ts';
import type { MariadbServer } from './start-mariadb.ts';
import { mariadb, startMariadb } from './start-mariadb.ts';

type Connector = Awaited<ReturnType<typeof startConnector<MysqlAdapter>>>;

describeWith(mariadb, 'a real MariaDB', () => {
  let server: MariadbServer;
  let connector: Connector;
  const running: Connector[] = [];

  async function connect(username = 'boss', password = 'correct horse', options: StartConnectorOptions = {}) {
    const started = await startConnector(MysqlAdapter, {
      url: server.url,
      ...options,
      settings: { database: 'shop', ...options.settings },
      config: { auth: { type: 'basic', username, password }, ...options.config },
    });
    running.push(started);
    return started;
  }

  beforeAll(async () => {
    server = await startMariadb();
    await server.sql(
      'CREATE TABLE item (id bigint AUTO_INCREMENT PRIMARY KEY, name varchar(50) NOT NULL UNIQUE, price decimal(12,2))',
      "CREATE USER reader@'%' IDENTIFIED BY 'reads'",
      "GRANT SELECT ON shop.item TO reader@'%'",
      "CREATE USER guest@'%' IDENTIFIED BY 'visits' WITH MAX_USER_CONNECTIONS 1",
    );
    connector = await connect();
  });
  afterAll(async () => {
    for (const each of running) await each.close();
    await server?.close();
  });

  const query = (sql: string, params: JsonValue[] = [], rest: JsonObject = {}) =>
    connector.call('query', { sql, params, ...rest });
  const execute = (sql: string, params: JsonValue[] = []) => connector.call('execute', { sql, params });
  const countSleepers = async (): Promise<number> => {
    const rows = await server.sql("SELECT 1 FROM information_schema.PROCESSLIST WHERE STATE = 'User sleep'");
    return rows.length;
  };
  /** Cancels what sleeps, which the connector then says of its call. */
  const wake = async (call: Promise<unknown>): Promise<void> => {
    const woken = expect(call).rejects.toMatchObject({ details: { reason: 'canceled_by_server' } });
    for (const { ID: id } of await server.sql(
      "SELECT ID FROM information_schema.PROCESSLIST WHERE STATE = 'User sleep'",
    ))
      await server.sql(`KILL QUERY ${Number(id)}`);
    await woken;
  };
  const untilSleeping = async (count: number): Promise<void> => {
    while ((await countSleepers()) < count) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  it('lets the connector in and tells its version', async () => {
    await expect(connector.adapter.connect()).resolves.toBe(true);
    await expect(connector.health()).resolves.toStrictEqual({
      status: 'healthy',
      message: `MySQL at ${new URL(server.url).host} lets us in`,
      details: { version: expect.stringContaining('MariaDB') },
    });
  });

  describe('execute and query', () => {
    it('change rows, tell how many, and read them again by typed columns', async () => {
      await expect(
        execute("INSERT INTO item (name, price) VALUES (?, ?), ('b', 1)", ['a', '12345678.90']),
      ).resolves.toMatchObject({ rows_affected: 2, last_insert_id: '1', rows: [] });
      await expect(execute('UPDATE item SET price = price + ? WHERE name = ?', [1, 'a'])).resolves.toMatchObject({
        rows_affected: 1,
      });
      await expect(query('SELECT id, name, price FROM item ORDER BY id LIMIT ?', [10])).resolves.toStrictEqual({
        columns: [
          { name: 'id', type: 'bigint', category: 'integer' },
          { name: 'name', type: 'varchar', category: 'text' },
          { name: 'price', type: 'decimal', category: 'decimal' },
        ],
        rows: [
          { id: 1, name: 'a', price: '12345679.90' },
          { id: 2, name: 'b', price: '1.00' },
        ],
        row_count: 2,
        truncated: false,
      });
    });

    it('lose no digit, no byte and no type', async () => {
      await server.sql(`CREATE TABLE kinds (big bigint unsigned, small int, half double, yes boolean, none int, bytes varbinary(10),
        doc json, day date, clock time, local datetime(6), moment timestamp(3) NULL, text varchar(20), bits bit(9))`);
      const values = [
        '18446744073709551615',
        7,
        1.5,
        true,
        null,
        { base64: 'AP8=' },
        '{"a":[1]}',
        '2024-02-29',
        '12:00:01',
      ];
      const more = ['2024-02-29 12:00:00.123456', '2024-02-29T12:00:00.500', 'é 🦊', { base64: 'AQE=' }];
      await execute('INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', [...values, ...more]);
      const { rows } = await query('SELECT kinds.*, 1 AS big FROM kinds');
      expect(rows).toStrictEqual([
        {
          big: '18446744073709551615',
          small: 7,
          half: 1.5,
          yes: 1,
          none: null,
          bytes: { base64: 'AP8=' },
          doc: { a: [1] },
          day: '2024-02-29',
          clock: '12:00:01',
          local: '2024-02-29T12:00:00.123456',
          moment: '2024-02-29T12:00:00.500Z',
          text: 'é 🦊',
          bits: { base64: 'AQE=' },
          big_2: 1,
        },
      ]);
      await expect(query('SELECT 9007199254740993 = ? AS same', ['9007199254740993'])).resolves.toMatchObject({
        rows: [{ same: 1 }],
      });
    });

    it('page through a long result and say where it goes on', async () => {
      const pages = [];
      for (let offset: unknown = 0; typeof offset === 'number';) {
        const page = await query('SELECT seq AS i FROM seq_1_to_5', [], { limit: 2, offset });
        pages.push(page['rows']);
        offset = page['next_offset'];
      }
      expect(pages).toStrictEqual([[{ i: 1 }, { i: 2 }], [{ i: 3 }, { i: 4 }], [{ i: 5 }]]);
      // A server that sent all of it would not answer in time.
      await expect(query('SELECT seq FROM seq_1_to_1000000000000')).resolves.toMatchObject({
        row_count: 1000,
        truncated: true,
        next_offset: 1000,
      });
      await expect(query('SELECT seq FROM seq_1_to_5000 LIMIT 3000')).resolves.toMatchObject({
        row_count: 1000,
        truncated: true,
      });
    });

    it('end a page before it gets too large to send, and refuse rows that are too large', async () => {
      const sql = "SELECT repeat('x', 1000000) AS x FROM seq_1_to_4";
      await expect(query(sql)).resolves.toMatchObject({ row_count: 2, truncated: true, next_offset: 2 });
      await expect(query(sql, [], { offset: 2 })).resolves.toMatchObject({ row_count: 2, truncated: false });
      await expect(query("SELECT cast(repeat('x', 2200000) AS binary) AS huge")).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringContaining('in column "huge"'),
      });
      await expect(query("SELECT repeat('x', 3000000)")).rejects.toMatchObject({
        details: { reason: 'row_too_large' },
      });
      await expect(query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
    });

    it('give the rows that a statement returns', async () => {
      const sql = "INSERT INTO item (name) VALUES ('r1'), ('r2') RETURNING name";
      await expect(execute(sql)).resolves.toMatchObject({ rows: [{ name: 'r1' }, { name: 'r2' }], truncated: false });
      await expect(execute("DELETE FROM item WHERE name LIKE 'r%'")).resolves.toMatchObject({ rows_affected: 2 });
    });
  });

  it('refuses to write in a query', async () => {
    await server.sql('CREATE SEQUENCE counter');
    await expect(query('SELECT nextval(counter)')).rejects.toMatchObject({
      code: 'FORBIDDEN',
      details: { reason: 'read_only' },
    });
    for (const sql of [
      'DELETE FROM item',
      'SET GLOBAL max_connections = 5',
      "SELECT 1 INTO OUTFILE '/tmp/never'",
      "SELECT 'a' /*! INTO DUMPFILE '/tmp/never' */",
      "SELECT 1 INTO /*! */ OUTFILE '/tmp/never'",
      "SELECT 1 INTO /*!50000 OUTFILE*/ '/tmp/never'",
      "SELECT 1 INTO /*M!999999 x */ DUMPFILE '/tmp/never'",
      // A text that ends with a backslash, where the session takes one for a character like any other.
      "SELECT '\\' INTO OUTFILE '/tmp/never' -- '",
      '/*!50000 DELETE FROM item */',
      'COMMIT',
    ])
      await expect(query(sql)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(query("/* hi */ # there\n SELECT 'into outfile' AS text")).resolves.toMatchObject({ row_count: 1 });
    const reader = await connect('boss', 'correct horse', { settings: { read_only: true } });
    await expect(reader.call('execute', { sql: 'SELECT 1' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(query('SELECT count(*) AS n FROM item')).resolves.toMatchObject({ rows: [{ n: 2 }] });
  });

  describe('a transaction', () => {
    const transact = (...statements: JsonObject[]) => connector.call('transaction', { statements });

    it('does all of its statements', async () => {
      const { results } = await transact(
        { sql: 'INSERT INTO item (name) VALUES (?)', params: ['t'] },
        { sql: 'SELECT name FROM item WHERE name = ?', params: ['t'] },
        { sql: "DELETE FROM item WHERE name = 't'" },
      );
      expect(results).toMatchObject([{ rows_affected: 1 }, { rows: [{ name: 't' }] }, { rows_affected: 1 }]);
    });

    it.each([
      ['a wrong one', 'INSERT INTO nowhere VALUES (1)', 'INVALID_INPUT'],
      ['a name that is taken', "INSERT INTO item (name) VALUES ('a')", 'ALREADY_EXISTS'],
      ['one that would end it early', 'COMMIT', 'INVALID_INPUT'],
      ['one that commits by itself', 'CREATE TABLE surprise (a int)', 'INVALID_INPUT'],
      ['two in one', 'SELECT 1; COMMIT', 'INVALID_INPUT'],
    ])('does none of them if there is %s among them', async (_title, sql, code) => {
      await expect(transact({ sql: "INSERT INTO item (name) VALUES ('lost')" }, { sql })).rejects.toMatchObject({
        code,
        effect: 'none',
      });
      await expect(query("SELECT 1 FROM item WHERE name = 'lost'")).resolves.toMatchObject({ row_count: 0 });
    });

    it('may be tried again after a deadlock', async () => {
      await server.sql("INSERT INTO item (name, price) VALUES ('x', 0), ('y', 0), ('z', 0)");
      const update = (name: string) => ({ sql: `UPDATE item SET price = price + 1 WHERE name = '${name}'` });
      // Both wait for a third one, so that each of them has its first lock when it wants that of the other.
      const wait = { sql: "SELECT id FROM item WHERE name = 'z' LOCK IN SHARE MODE" };
      const { port } = new URL(server.url);
      const login = {
        host: '127.0.0.1',
        port: Number(port),
        user: 'boss',
        password: 'correct horse',
        database: 'shop',
      };
      const holder = await mysql.createConnection(login);
      await holder.query('START TRANSACTION');
      await holder.query(update('z').sql);
      const calls = Promise.allSettled([
        transact(update('x'), wait, update('y')),
        transact(update('y'), wait, update('x')),
      ]);
      // The server keeps this table as it was for a tenth of a second after each look at it.
      const waiting = "SELECT 1 FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'";
      while ((await server.sql(waiting)).length < 2) await new Promise((resolve) => setTimeout(resolve, 250));
      await holder.end();
      const failures = (await calls).flatMap((each): unknown[] => (each.status === 'rejected' ? [each.reason] : []));
      expect(failures).toMatchObject([
        { code: 'UPSTREAM_5XX', retryable: true, effect: 'none', details: { reason: 'deadlock' } },
      ]);
      await server.sql("DELETE FROM item WHERE name IN ('x', 'y', 'z')");
    });
  });

  it.each([
    ['syntax', 'SELEC', [], 'INVALID_INPUT'],
    ['an unknown table', 'SELECT * FROM nowhere', [], 'INVALID_INPUT'],
    ['an unknown column', 'SELECT nothing FROM item', [], 'INVALID_INPUT'],
    ['too few parameters', 'SELECT ?, ?', [1], 'INVALID_INPUT'],
    ['too many parameters', 'SELECT ?', [1, 2], 'INVALID_INPUT'],
    ['two statements', 'DELETE FROM item; DELETE FROM item', [], 'INVALID_INPUT'],
    ['NULL where none may be', 'INSERT INTO item (name) VALUES (NULL)', [], 'INVALID_INPUT'],
    ['a value of another type', "INSERT INTO item (name, price) VALUES ('z', 'x')", [], 'INVALID_INPUT'],
    ['a name that is taken', "INSERT INTO item (name) VALUES ('a')", [], 'ALREADY_EXISTS'],
    ['a table that is there', 'CREATE TABLE item (a int)', [], 'ALREADY_EXISTS'],
    ['what a statement signals', "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'", [], 'INVALID_INPUT'],
    ['a transaction that would stay open', 'START TRANSACTION', [], 'INVALID_INPUT'],
    ['a file of ours', "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE item", [], 'FORBIDDEN'],
  ])('refuses %s, and had no effect', async (_title, sql, params, code) => {
    await expect(execute(sql, params)).rejects.toMatchObject({ code, retryable: false, effect: 'none' });
  });

  itRunsTheCommonActions({ connector: () => connector, see: (sql) => server.sql(sql), quote: (name) => `\`${name}\`` });

  describe('credentials', () => {
    it('are those of each connector, side by side', async () => {
      const reader = await connect('reader', 'reads');
      const names = await Promise.all(
        [connector, reader].map((each) =>
          each.call('query', { sql: "SELECT substring_index(current_user(), '@', 1) AS name" }),
        ),
      );
      expect(names.map(({ rows }) => rows)).toStrictEqual([[{ name: 'boss' }], [{ name: 'reader' }]]);
      await expect(reader.call('execute', { sql: 'DELETE FROM item' })).rejects.toMatchObject({
        code: 'FORBIDDEN',
        details: { reason: 'permission_denied' },
      });
    });

    it('are told to be wrong, missing or of a type that MySQL does not know', async () => {
      const failure = { code: 'AUTH_FAILED', retryable: false };
      const wrong = await connect('boss', 'wrong');
      await expect(wrong.call('query', { sql: 'SELECT 1' })).rejects.toMatchObject(failure);
      await expect(wrong.adapter.connect()).rejects.toMatchObject(failure);
      await expect(wrong.health()).resolves.toMatchObject({ status: 'unhealthy', details: { code: 'AUTH_FAILED' } });
      const none = await connect('', '', { config: { auth: { type: 'none' } }, settings: { user: 'boss' } });
      await expect(none.adapter.connect()).rejects.toMatchObject(failure);
      const bearer = await connect('', '', { config: { auth: { type: 'bearer', token: 'x' } } });
      await expect(bearer.adapter.connect()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    });

    it('may come from a profile', async () => {
      const profiled = await connect('', '', {
        config: { auth: { type: 'basic' } },
        secrets: { username: 'reader', password: 'reads' },
      });
      await expect(profiled.call('query', { sql: 'SELECT name FROM item LIMIT 1' })).resolves.toMatchObject({
        row_count: 1,
      });
    });

    it('do not help where there is no such database, or too many connections', async () => {
      const nowhere = await connect('boss', 'correct horse', { settings: { database: 'nowhere' } });
      await expect(nowhere.adapter.connect()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      const guest = await connect('guest', 'visits', { settings: { database: 'information_schema' } });
      const long = guest.call('query', { sql: 'SELECT sleep(60)' });
      await untilSleeping(1);
      await expect(guest.call('query', { sql: 'SELECT 1' })).rejects.toMatchObject({
        code: 'OVERLOADED',
        effect: 'none',
        retryable: true,
      });
      await wake(long);
      const single = await connect('boss', 'correct horse', { settings: { pool_size: 1 } });
      const busy = single.call('query', { sql: 'SELECT sleep(60)' });
      await untilSleeping(1);
      await expect(single.call('query', { sql: 'SELECT 1' }, { timeoutMs: 200 })).rejects.toMatchObject({
        code: 'OVERLOADED',
        details: { reason: 'pool_exhausted' },
      });
      await wake(busy);
    });
  });

  itKnowsWhatWasStopped({
    connector: () => connector,
    slow: (action) => (action === 'transaction' ? 'DO sleep(60)' : 'SELECT sleep(60)'),
    running: countSleepers,
    stop: () => server.stop('SIGKILL'),
    restart: () => server.restart(),
    // Nobody can say whether they wrote to a table without transactions.
    lost: { query: 'none', execute: 'maybe', transaction: 'maybe' },
  });
});
