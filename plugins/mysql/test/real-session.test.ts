import type { JsonObject } from '@automate/sdk';
import { describeWith } from '@automate/tooling/require-service';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startConnector } from '@automate/testing';
import MysqlAdapter from '../src/mysql-adapter.ts';
import type { MariadbServer } from './start-mariadb.ts';
import { mariadb, startMariadb } from './start-mariadb.ts';

type Connector = Awaited<ReturnType<typeof startConnector<MysqlAdapter>>>;

/** Whatever a server may have that makes our words mean something else. */
const ODD = [
  '--autocommit=0',
  '--completion-type=CHAIN',
  '--sql-mode=',
  '--transaction-isolation=READ-UNCOMMITTED',
  '--character-set-server=latin1',
  '--skip-character-set-client-handshake',
  "--init-connect=SET autocommit = 0, sql_auto_is_null = 1, time_zone = '+03:00', sql_select_limit = 1",
];

describeWith(mariadb, 'a MariaDB with settings of its own', () => {
  let server: MariadbServer;
  let connector: Connector;
  const running: Connector[] = [];

  async function connect(settings: JsonObject = {}, username = 'app') {
    const started = await startConnector(MysqlAdapter, {
      url: server.url,
      settings: { database: 'shop', pool_size: 1, ...settings },
      config: { auth: { type: 'basic', username, password: 'correct horse' } },
    });
    running.push(started);
    return started;
  }

  beforeAll(async () => {
    server = await startMariadb({ args: ODD, zone: 'Europe/Berlin' });
    await server.sql(
      'SET GLOBAL sql_select_limit = 2, GLOBAL max_error_count = 0, GLOBAL sql_auto_is_null = 1',
      "CREATE USER app@'%' IDENTIFIED BY 'correct horse'",
      "GRANT ALL ON shop.* TO app@'%'",
      'CREATE TABLE note (id int AUTO_INCREMENT PRIMARY KEY, text varchar(10) CHARACTER SET utf8mb4)',
      `CREATE TABLE moment (id int PRIMARY KEY, local datetime DEFAULT CURRENT_TIMESTAMP, moment timestamp NULL DEFAULT CURRENT_TIMESTAMP,
        day date, text varchar(40))`,
      'CREATE PROCEDURE keep(text varchar(10)) INSERT INTO note (text) VALUES (text)',
      `CREATE PROCEDURE keep_both(text varchar(10)) BEGIN START TRANSACTION; INSERT INTO note (text) VALUES (text); COMMIT; END`,
    );
    connector = await connect();
  });
  afterAll(async () => {
    for (const each of running) await each.close();
    await server?.close();
  });

  const execute = (sql: string, params: (string | number)[] = []) => connector.call('execute', { sql, params });
  const query = (sql: string, params: (string | number)[] = []) => connector.call('query', { sql, params });

  // The second time over a connection that the pool has reset.
  it.each(['first', 'second'])('keeps what it acknowledged, the %s time', async (text) => {
    await expect(execute('INSERT INTO note (text) VALUES (?)', [text])).resolves.toMatchObject({ rows_affected: 1 });
    await connector.call('transaction', {
      statements: [{ sql: 'UPDATE note SET text = concat(text, ?) WHERE text = ?', params: ['!', text] }],
    });
    await expect(server.sql(`SELECT text FROM note WHERE text = '${text}!'`)).resolves.toMatchObject([
      { text: `${text}!` },
    ]);
  });

  it.each(['keep', 'keep_both'])('keeps what a procedure did by itself or committed: %s', async (name) => {
    for (const text of [`${name}1`, `${name}2`]) {
      await expect(execute(`CALL ${name}(?)`, [text])).resolves.toMatchObject({ rows_affected: expect.any(Number) });
      await expect(server.sql(`SELECT text FROM note WHERE text = '${text}'`)).resolves.toHaveLength(1);
    }
  });

  it('neither cuts nor changes a value without a word', async () => {
    await expect(execute("INSERT INTO note (text) VALUES ('longer than ten')")).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
    });
    await execute('INSERT INTO note (text) VALUES (?)', ['é 🦊']);
    await expect(query('SELECT text, hex(text) AS bytes FROM note WHERE text LIKE ?', ['é%'])).resolves.toMatchObject({
      rows: [{ text: 'é 🦊', bytes: 'C3A920F09FA68A' }],
    });
  });

  it('gives all rows, also within a transaction', async () => {
    await expect(query('SELECT seq FROM seq_1_to_5')).resolves.toMatchObject({ row_count: 5, truncated: false });
    const { results } = await connector.call('transaction', { statements: [{ sql: 'SELECT seq FROM seq_1_to_5' }] });
    expect(results).toMatchObject([{ row_count: 5, truncated: false }]);
    await expect(execute('SELECT seq FROM seq_1_to_5')).resolves.toMatchObject({ row_count: 5, truncated: false });
  });

  it('takes moments as they are given, although the server keeps no warnings', async () => {
    await execute('INSERT INTO moment (id, moment, text) VALUES (10, ?, ?)', ['2026-07-01T10:00:00Z', 'at']);
    await expect(
      query('SELECT moment FROM moment WHERE moment = ?', ['2026-07-01T12:00:00+02:00']),
    ).resolves.toMatchObject({
      rows: [{ moment: '2026-07-01T10:00:00Z' }],
    });
  });

  it('leaves a text as it is that is a moment elsewhere in the statement', async () => {
    const moment = '2026-07-01T10:00:00Z';
    const sql = 'SELECT ? AS text, CAST(? AS datetime) AS local';
    const rows = [{ text: moment, local: '2026-07-01T13:00:00' }];
    await expect(query(sql, [moment, moment])).resolves.toMatchObject({ rows });
    const { results } = await connector.call('transaction', {
      statements: [
        { sql, params: [moment, moment] },
        { sql: 'SELECT ? AS text', params: [moment] },
      ],
    });
    expect(results).toMatchObject([{ rows }, { rows: [{ text: moment }] }]);
  });

  it('means a NULL by IS NULL, not the last new row', async () => {
    const { results } = await connector.call('transaction', {
      statements: [{ sql: "INSERT INTO note (text) VALUES ('n')" }, { sql: 'SELECT id FROM note WHERE id IS NULL' }],
    });
    expect(results).toMatchObject([{ rows_affected: 1 }, { row_count: 0 }]);
  });

  it('limits what a statement may take in the server by the time of the call, and by no more than an administrator does', async () => {
    const limit = async () => {
      const sql = 'SELECT @@max_statement_time AS seconds';
      const { rows } = await connector.call('query', { sql }, { timeoutMs: 60_000 });
      return (rows as { seconds: number }[])[0]?.seconds;
    };
    expect(await limit()).toBeGreaterThan(0);
    expect(await limit()).toBeLessThanOrEqual(60);
    await server.sql('SET GLOBAL max_statement_time = 0.2');
    try {
      const hasty = await connect();
      const sleeping = { sql: 'SELECT sleep(60)' };
      const inputs: [string, JsonObject][] = [
        ['query', sleeping],
        ['execute', sleeping],
        ['transaction', { statements: [sleeping] }],
      ];
      for (const [action, input] of inputs)
        await expect(hasty.call(action, input)).rejects.toMatchObject({
          code: 'UPSTREAM_5XX',
          effect: 'none',
          retryable: false,
          details: { reason: 'canceled_by_server' },
        });
    } finally {
      await server.sql('SET GLOBAL max_statement_time = 0');
    }
  });

  it('reads nothing that is not committed', async () => {
    for (const isolation of ['read_committed', 'repeatable_read', 'serializable']) {
      const { results } = await connector.call('transaction', {
        statements: [{ sql: 'SELECT @@tx_isolation AS level' }],
        isolation,
      });
      expect(results).toMatchObject([{ rows: [{ level: isolation.replace('_', '-').toUpperCase() }] }]);
    }
    await expect(query('SELECT @@tx_isolation AS level')).resolves.toMatchObject({
      rows: [{ level: 'REPEATABLE-READ' }],
    });
  });

  describe('in a time zone of its own', () => {
    it.each(['first', 'second'])('writes local times as every other client does, the %s time', async (time) => {
      const id = time === 'first' ? 1 : 2;
      await execute('INSERT INTO moment (id) VALUES (?)', [id]);
      // The zone of the clients is that of init_connect.
      const [row] = await server.sql(
        `SELECT abs(timestampdiff(SECOND, local, convert_tz(utc_timestamp(), '+00:00', '+03:00'))) < 1800 AS same FROM moment WHERE id = ${id}`,
      );
      expect(row).toStrictEqual({ same: 1 });
    });
  });
});
