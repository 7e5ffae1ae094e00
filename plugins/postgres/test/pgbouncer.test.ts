import { setTimeout as sleep } from 'node:timers/promises';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createWorkshop, postgres } from './open-postgres.ts';
import { startPgBouncer } from './start-pgbouncer.ts';
import type { PostgresServer } from './start-postgres.ts';

const services = {
  name: 'postgresql and pgbouncer',
  available: () => postgres.available() && isOnPath('pgbouncer'),
  remedy: 'apt-get install --no-install-recommends postgresql pgbouncer',
};

describeWith(services, 'PgBouncer', () => {
  const workshop = createWorkshop();
  let server: PostgresServer;

  beforeAll(async () => {
    server = await workshop.start();
    await server.sql(`
      CREATE TYPE mood AS ENUM ('sad', 'glad');
      CREATE TABLE item (id int PRIMARY KEY, doc jsonb, moods mood[], blob bytea, span interval);
      ALTER ROLE postgres SET bytea_output = 'escape'`);
  });
  afterAll(() => workshop.close());

  describe.each([undefined, 'session', 'transaction'] as const)('in mode %s', (mode) => {
    let port: number;
    let connector: Awaited<ReturnType<typeof workshop.connect>>;
    let other: pg.Client;

    beforeAll(async () => {
      await server.sql('DELETE FROM item');
      // One connection to the server, so that in the mode transaction all clients share it.
      const size = mode === 'transaction' ? 1 : 5;
      const pooler = workshop.use(
        await startPgBouncer({ server: server.port, size, ...(mode === undefined ? {} : { mode }) }),
      );
      port = pooler.port;
      connector = await workshop.connect(port);
      other = new pg.Client({
        host: '127.0.0.1',
        port,
        user: 'postgres',
        password: 'correct horse',
        database: 'postgres',
      });
      await other.connect();
    });
    afterAll(() => other.end());

    it('lets through what every action sends, and values as they are', async () => {
      await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
      await connector.call('execute', {
        sql: 'INSERT INTO item VALUES ($1, $2, $3, $4, $5)',
        params: [1, [], ['glad'], { base64: 'AFz/' }, '1 day'],
      });
      const rows = [{ id: 1, doc: [], moods: ['glad'], blob: { base64: 'AFz/' }, span: 'P1D' }];
      await expect(connector.call('query', { sql: 'SELECT * FROM item' })).resolves.toMatchObject({ rows });
      await connector.call('transaction', {
        statements: [
          { sql: 'UPDATE item SET id = 2' },
          { sql: 'SELECT set_config($1, $2, true)', params: ['a.b', 'c'] },
        ],
      });
      await expect(server.sql('SELECT id FROM item')).resolves.toStrictEqual([{ id: 2 }]);
      await expect(connector.call('execute', { sql: 'VACUUM item' })).resolves.toMatchObject({ command: 'VACUUM' });
      await expect(
        connector.call('execute', { sql: 'DO $$ BEGIN DELETE FROM item; COMMIT; END $$' }),
      ).resolves.toBeDefined();
      await expect(server.sql('SELECT id FROM item')).resolves.toStrictEqual([]);
    });

    it('gives other clients what it gave them before', async () => {
      const names = ['statement_timeout', 'bytea_output', 'TimeZone', 'IntervalStyle', 'extra_float_digits'];
      const look = async () => {
        const { rows } = await other.query(
          `SELECT ${names.map((name) => `current_setting('${name}')`).join(" || ' ' || ")} AS s`,
        );
        return rows[0] as unknown;
      };
      const before = await look();
      await connector.call('query', { sql: 'SELECT 1' });
      await connector.call('execute', { sql: 'DELETE FROM item' });
      await connector.call('execute', { sql: 'DO $$ BEGIN PERFORM 1; END $$' });
      for (const sql of [
        'SET statement_timeout = 1',
        'LISTEN news',
        'RESET ALL',
        "SELECT set_config('statement_timeout', '1', false)",
        "SELECT set_config('statement_timeout', '1', false), json_build_array(1, true)",
        'SELECT pg_try_advisory_lock(1)',
        'CREATE TEMP TABLE held AS SELECT 1',
        'SELECT 1 INTO TEMPORARY held',
        'DECLARE held CURSOR WITH HOLD FOR SELECT 1',
      ])
        await expect(connector.call('execute', { sql })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      expect(await look()).toStrictEqual(before);
      const statements = ['CREATE TEMP TABLE held (i int) ON COMMIT DROP', 'SELECT pg_advisory_xact_lock(1)'];
      await connector.call('transaction', { statements: statements.map((sql) => ({ sql })) });
    });

    it('does not vouch for a commit after which an administrator ended the session', async () => {
      // Commits are kept, and then wait for a standby that does not exist.
      await server.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
      await server.sql('SELECT pg_reload_conf()');
      while (!JSON.stringify(await server.sql('SHOW synchronous_standby_names')).includes('nobody')) await sleep(20);
      const waiting = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
      try {
        const failed = expect(
          connector.call('execute', { sql: 'INSERT INTO item (id) VALUES (70)' }),
        ).rejects.toMatchObject({ effect: 'maybe' });
        while ((await server.sql(waiting)).length === 0) await sleep(10);
        await failed;
        expect(await server.sql('SELECT id FROM item WHERE id = 70')).toHaveLength(1);
      } finally {
        await server.sql('ALTER SYSTEM RESET synchronous_standby_names');
        await server.sql('SELECT pg_reload_conf()');
      }
    });

    it('cancels what no transaction holds', async () => {
      const sql = 'DO $$ BEGIN PERFORM pg_sleep(60); END $$';
      const running = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'DO%pg_sleep(60)%' AND state = 'active'";
      const leaving = new AbortController();
      const context = { deadline: Date.now() + 60_000, signal: leaving.signal };
      const call = connector.adapter.execute('execute', { sql }, context as never);
      while ((await server.sql(running)).length === 0) await sleep(20);
      leaving.abort();
      await expect(call).rejects.toMatchObject({ code: 'CANCELLED', effect: 'maybe' });
      while ((await server.sql(running)).length > 0) await sleep(20);
    });

    it('is not the fault of the caller where it does not let us in', async () => {
      const nowhere = await workshop.connect(port, { database: 'nowhere' });
      await expect(nowhere.call('query', { sql: 'SELECT 1' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      const auth = { type: 'basic' as const, username: 'postgres', password: 'wrong' };
      const stranger = await workshop.connect(port, {}, { config: { auth } });
      await expect(stranger.call('query', { sql: 'SELECT 1' })).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    });
  });
});
