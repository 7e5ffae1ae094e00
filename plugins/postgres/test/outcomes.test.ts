import { setTimeout as sleep } from 'node:timers/promises';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import type { JsonObject } from '@automate/sdk';
import { startConnector } from '@automate/testing';
import pg from 'pg';
import { startMovingProxy } from '../../../packages/sql/test/moving-proxy.ts';
import type { MovingProxy } from '../../../packages/sql/test/moving-proxy.ts';
import { itTellsOutcomesTruly } from '../../../packages/sql/test/outcome-cases.ts';
import { itSurvivesSilence } from '../../../packages/sql/test/silence-cases.ts';
import PostgresAdapter from '../src/postgres-adapter.ts';
import { startPgBouncer } from './start-pgbouncer.ts';
import type { PostgresServer } from './start-postgres.ts';
import { findPostgres, startPostgres } from './start-postgres.ts';

const services = {
  name: 'postgresql and pgbouncer',
  available: () => findPostgres() !== undefined && isOnPath('pgbouncer'),
  remedy: 'apt-get install --no-install-recommends postgresql pgbouncer',
};

const SCHEMA = `
  CREATE TABLE mark (id int PRIMARY KEY);
  CREATE PROCEDURE fail_late(id int) LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO mark VALUES (id); COMMIT; RAISE 'too late' USING ERRCODE = '40001'; END $$`;

const running: { close(): Promise<unknown> }[] = [];

function use<T extends { close(): Promise<unknown> }>(opened: T): T {
  running.push(opened);
  return opened;
}

const connect = (port: number, settings: JsonObject = {}) =>
  startConnector(PostgresAdapter, {
    url: `postgresql://127.0.0.1:${port}`,
    config: { auth: { type: 'basic', username: 'postgres', password: 'correct horse' } },
    settings,
  });
const connectTo = async (port: number) => use(await connect(port));

describeWith(services, 'the outcomes of a real PostgreSQL', () => {
  let server: PostgresServer;
  let proxy: MovingProxy;

  const interrupt = () =>
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'automate:%'");

  itSurvivesSilence({
    port: () => server.port,
    connect: (port) => connect(port, { pool_size: 1 }),
    slow: 'SELECT pg_sleep(60)',
    endAll: () => interrupt(),
    isRunning: async () => (await server.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).length > 0,
  });

  itTellsOutcomesTruly({
    async open() {
      server = use(await startPostgres());
      await server.sql(SCHEMA);
      proxy = use(await startMovingProxy(server.port));
      return connectTo(proxy.port);
    },
    async close() {
      for (const each of running.splice(0).toReversed()) await each.close();
    },
    see: (sql) => server.sql(sql),
    errorAfterCommit: (id) => `CALL fail_late(${id})`,
    tooLarge: (id) => `INSERT INTO mark VALUES (${id}) RETURNING id, repeat('x', 3000000) AS huge`,
    slow: (id) => `INSERT INTO mark SELECT ${id} FROM pg_sleep(60)`,
    async cancel() {
      const sql =
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'INSERT%pg_sleep(60)%' AND state = 'active'";
      while ((await server.sql(sql)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    async interrupt(connector) {
      await interrupt();
      return connector;
    },
    async crash() {
      await server.stop('SIGQUIT');
      await server.restart();
    },
    async whileLocked(id, work) {
      const client = new pg.Client({
        host: '127.0.0.1',
        port: server.port,
        user: 'postgres',
        password: 'correct horse',
      });
      await client.connect();
      try {
        await server.sql("ALTER ROLE postgres SET lock_timeout = '200ms'");
        await interrupt();
        await client.query(`BEGIN; SELECT * FROM mark WHERE id = ${id} FOR UPDATE`);
        await work();
        await server.sql('ALTER ROLE postgres RESET lock_timeout');
      } finally {
        await client.end();
      }
    },
    async openPooled() {
      const pooler = use(await startPgBouncer({ server: server.port, mode: 'transaction', size: 2 }));
      return connectTo(pooler.port);
    },
    async failOver() {
      const other = use(await startPostgres());
      await other.sql(SCHEMA);
      await server.sql('ALTER SYSTEM SET default_transaction_read_only = on');
      await server.sql('SELECT pg_reload_conf()');
      // The server tells its sessions some time after it has answered; a new one knows it no sooner than the others.
      while (JSON.stringify(await server.sql('SHOW default_transaction_read_only')).includes('off')) await sleep(20);
      proxy.move(other.port);
      return { see: (sql) => other.sql(sql) };
    },
  });
});
