import { describeWith } from '@automate/tooling/require-service';
import type { JsonObject } from '@automate/sdk';
import { startConnector } from '@automate/testing';
import mysql from 'mysql2/promise';
import { startMovingProxy } from '../../../packages/sql/test/moving-proxy.ts';
import type { MovingProxy } from '../../../packages/sql/test/moving-proxy.ts';
import { itTellsOutcomesTruly } from '../../../packages/sql/test/outcome-cases.ts';
import { itSurvivesSilence } from '../../../packages/sql/test/silence-cases.ts';
import MysqlAdapter from '../src/mysql-adapter.ts';
import type { MariadbServer } from './start-mariadb.ts';
import { mariadb, startMariadb } from './start-mariadb.ts';

const SCHEMA = [
  'CREATE TABLE mark (id int PRIMARY KEY)',
  "CREATE USER app@'%' IDENTIFIED BY 'correct horse'",
  "GRANT ALL ON shop.* TO app@'%'",
];
/** Waits for a lock that nobody gives, after it has committed. */
const FAIL_LATE = `CREATE PROCEDURE fail_late(id int) BEGIN
  INSERT INTO mark VALUES (id); COMMIT; SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'too late'; END`;

const OF_CONNECTOR = "FROM information_schema.PROCESSLIST WHERE USER = 'app'";
const running: { close(): Promise<unknown> }[] = [];

function use<T extends { close(): Promise<unknown> }>(opened: T): T {
  running.push(opened);
  return opened;
}

async function startShop(): Promise<MariadbServer> {
  // What is acknowledged is on its way to the disk.
  const server = use(await startMariadb({ args: ['--innodb-flush-log-at-trx-commit=1'] }));
  await server.sql(...SCHEMA, FAIL_LATE);
  return server;
}

describeWith(mariadb, 'the outcomes of a real MariaDB', () => {
  let server: MariadbServer;
  let proxy: MovingProxy;
  const portOf = ({ url }: MariadbServer): number => Number(new URL(url).port);
  const kill = async (what: 'CONNECTION' | 'QUERY', condition: string): Promise<number> => {
    const rows = await server.sql(`SELECT ID ${OF_CONNECTOR} AND ${condition}`);
    for (const { ID: id } of rows) await server.sql(`KILL ${what} ${Number(id)}`).catch(() => undefined);
    return rows.length;
  };

  const connect = (port: number, settings: JsonObject = {}) =>
    startConnector(MysqlAdapter, {
      url: `mysql://127.0.0.1:${port}`,
      config: { auth: { type: 'basic', username: 'app', password: 'correct horse' } },
      settings: { database: 'shop', ...settings },
    });

  itSurvivesSilence({
    port: () => portOf(server),
    connect: (port) => connect(port, { pool_size: 1 }),
    slow: 'SELECT sleep(60)',
    endAll: () => kill('CONNECTION', 'TRUE'),
    isRunning: async () => (await server.sql(`SELECT ID ${OF_CONNECTOR} AND STATE = 'User sleep'`)).length > 0,
  });

  itTellsOutcomesTruly({
    async open() {
      server = await startShop();
      proxy = use(await startMovingProxy(portOf(server)));
      return use(await connect(proxy.port));
    },
    async close() {
      for (const each of running.splice(0).toReversed()) await each.close();
    },
    see: (sql) => server.sql(sql),
    errorAfterCommit: (id) => `CALL fail_late(${id})`,
    tooLarge: (id) => `INSERT INTO mark VALUES (${id}) RETURNING id, repeat('x', 3000000) AS huge`,
    slow: (id) => `INSERT INTO mark SELECT ${id} + sleep(60)`,
    async cancel() {
      while ((await kill('QUERY', "STATE = 'User sleep'")) === 0)
        await new Promise((resolve) => setTimeout(resolve, 20));
    },
    async interrupt(connector) {
      await kill('CONNECTION', 'TRUE');
      return connector;
    },
    async crash() {
      await server.stop('SIGKILL');
      await server.restart();
    },
    async whileLocked(id, work) {
      const { port } = new URL(server.url);
      const login = {
        host: '127.0.0.1',
        port: Number(port),
        user: 'boss',
        password: 'correct horse',
        database: 'shop',
      };
      const connection = await mysql.createConnection(login);
      try {
        await server.sql('SET GLOBAL innodb_lock_wait_timeout = 1');
        await kill('CONNECTION', 'TRUE');
        await connection.query('START TRANSACTION');
        await connection.query(`SELECT * FROM mark WHERE id = ${id} FOR UPDATE`);
        await work();
      } finally {
        await connection.end();
      }
    },
    async failOver() {
      const other = await startShop();
      await server.sql('SET GLOBAL read_only = 1');
      proxy.move(portOf(other));
      return { see: (sql) => other.sql(sql) };
    },
  });
});
