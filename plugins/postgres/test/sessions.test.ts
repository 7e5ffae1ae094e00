import { once } from 'node:events';
import { connect as connectSocket, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { JsonObject } from '@automate/sdk';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWith } from '@automate/tooling/require-service';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createWorkshop, postgres } from './open-postgres.ts';
import type { PostgresServer } from './start-postgres.ts';

const SLEEPING = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'";

describeWith(postgres, 'sessions of a real PostgreSQL', () => {
  const workshop = createWorkshop();
  let server: PostgresServer;
  let connector: Awaited<ReturnType<typeof workshop.connect>>;

  beforeAll(async () => {
    server = await workshop.start();
    await server.sql(`
      CREATE TABLE mark (id int PRIMARY KEY);
      CREATE TABLE parent (id int PRIMARY KEY);
      CREATE TABLE child (parent int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
      CREATE PROCEDURE half(id int) LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO mark VALUES (id); COMMIT; INSERT INTO mark VALUES (id); END $$;
      CREATE PROCEDURE only_read() LANGUAGE plpgsql AS $$
        BEGIN SET TRANSACTION READ ONLY; INSERT INTO mark VALUES (51); END $$`);
    connector = await workshop.connect(server.port, { pool_size: 1 });
  });
  afterAll(() => workshop.close());

  const execute = (sql: string) => connector.call('execute', { sql });
  const isThere = async (id: number) => (await server.sql(`SELECT FROM mark WHERE id = ${id}`)).length === 1;

  it.each([
    ['a setting', "SET search_path = 'nowhere'", 'SELECT count(*) FROM mark'],
    ['a temporary table', 'CREATE TEMPORARY TABLE mark (x int)', 'SELECT id FROM mark'],
    ['a prepared statement', 'PREPARE p AS SELECT 1', 'SELECT 1 / (count(*) = 0)::int FROM pg_prepared_statements'],
    ['a listener', 'LISTEN news', 'SELECT 1 / (count(*) = 0)::int FROM pg_listening_channels()'],
    [
      'a lock',
      'SELECT pg_advisory_lock(7)',
      "SELECT 1 / (count(*) = 0)::int FROM pg_locks WHERE locktype = 'advisory'",
    ],
    [
      'a cursor',
      'DECLARE c CURSOR WITH HOLD FOR SELECT 1',
      "SELECT 1 / (count(*) = 0)::int FROM pg_cursors WHERE name <> ''",
    ],
  ])('do not hand on %s, which is refused by name or else hidden in a block', async (_title, sql, look) => {
    await expect(execute(sql)).rejects.toMatchObject({ code: 'INVALID_INPUT', effect: 'none' });
    await expect(connector.call('transaction', { statements: [{ sql }] })).rejects.toMatchObject({ effect: 'none' });
    const { rows: before } = await connector.call('query', { sql: 'SELECT pg_backend_pid() AS pid' });
    await execute(`DO $$ BEGIN EXECUTE $s$${sql}$s$; END $$`);
    await expect(connector.call('query', { sql: look })).resolves.toBeDefined();
    const { rows: after } = await connector.call('query', { sql: 'SELECT pg_backend_pid() AS pid' });
    expect(after).toStrictEqual(before);
  });

  it('take statements that only look as if they left something', async () => {
    await server.sql('CREATE TABLE temp (listen int, set_config int)');
    for (const sql of [
      'INSERT INTO temp VALUES (1, 2)',
      'INSERT INTO temp (listen) SELECT 1',
      "SELECT 'SET x = 1; LISTEN y' AS text, listen, set_config FROM temp",
      '/* SET x = 1 */ SELECT pg_try_advisory_xact_lock(1)',
      "SELECT set_config('a.b', 'c', true)",
    ])
      await expect(execute(sql)).resolves.toBeDefined();
    const statements = [
      'SET LOCAL search_path = pg_catalog',
      'SET CONSTRAINTS ALL DEFERRED',
      'SET TRANSACTION READ WRITE',
    ];
    const input = { statements: statements.map((sql) => ({ sql })) };
    await expect(connector.call('transaction', input)).resolves.toBeDefined();
    for (const sql of statements) await expect(execute(sql)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('are not given up, and no server is blamed, where a call itself lets its transaction only read', async () => {
    const pid = async () => (await connector.call('query', { sql: 'SELECT pg_backend_pid() AS pid' }))['rows'];
    const before = await pid();
    for (const sql of [
      'SET TRANSACTION READ ONLY',
      'SET LOCAL transaction_read_only = on',
      "SELECT set_config('transaction_read_only', 'on', true)",
      "DO $$ BEGIN EXECUTE 'SET transaction_read_only = on'; END $$",
    ])
      await expect(
        connector.call('transaction', { statements: [{ sql }, { sql: 'INSERT INTO mark VALUES (50)' }] }),
      ).rejects.toMatchObject({
        code: 'FORBIDDEN',
        effect: 'none',
        retryable: false,
        blame: 'caller',
        details: { reason: 'read_only' },
      });
    await expect(execute('CALL only_read()')).rejects.toMatchObject({ code: 'FORBIDDEN', effect: 'maybe' });
    expect(await pid()).toStrictEqual(before);
    expect(await isThere(50)).toBe(false);
  });

  it('are not used where something in between changes how values are written', async () => {
    const proxy = await startCutter();
    try {
      proxy.put("IntervalStyle = 'iso_8601'", "IntervalStyle = 'postgres'");
      const changed = await workshop.connect(proxy.port);
      await expect(changed.call('query', { sql: "SELECT interval '1 day'" })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        details: { reason: 'session_setting', setting: 'IntervalStyle' },
      });
    } finally {
      await proxy.close();
    }
  });

  it('have no place for what COPY sends or wants', async () => {
    for (const sql of [
      'COPY mark TO STDOUT',
      '/* x */ copy mark (id) from /* y */ stdin',
      'COPY (SELECT 1) TO stdout WITH CSV',
    ]) {
      await expect(execute(sql)).rejects.toMatchObject({ code: 'INVALID_INPUT', effect: 'none' });
      await expect(connector.call('transaction', { statements: [{ sql }] })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      });
    }
  });

  it.each([
    ['a procedure', 'CALL half(1)', 1],
    ['an anonymous block', 'DO $$ BEGIN INSERT INTO mark VALUES (2); COMMIT; PERFORM 1 / 0; END $$', 2],
  ])('do not vouch for %s that commits on its way and then fails', async (_title, sql, id) => {
    await expect(execute(sql)).rejects.toMatchObject({ effect: 'maybe' });
    expect(await isThere(id)).toBe(true);
  });

  it.each([
    ['a procedure that is not there', 'CALL nowhere()'],
    ['a block that cannot be read', 'DO $$ BEGIN'],
    ['a statement that is none', 'FROBNICATE'],
    ['a table that is there', 'CREATE TABLE mark ()'],
    ['a table that is not there', 'DROP TABLE mark, nowhere'],
    ['two statements', 'BEGIN; INSERT INTO mark VALUES (99)'],
  ])('vouch for %s', async (_title, sql) => {
    await expect(execute(sql)).rejects.toMatchObject({ retryable: false });
    await expect(server.sql('SELECT id FROM mark WHERE id = 99')).resolves.toHaveLength(0);
  });

  it('vouch for what fails only in the end', async () => {
    await expect(execute('INSERT INTO child VALUES (1)')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
      details: { reason: 'constraint' },
    });
    await expect(server.sql('SELECT * FROM child')).resolves.toHaveLength(0);
  });

  it('do not vouch for a commit that nobody answered', async () => {
    const proxy = await startCutter();
    try {
      const cut = await workshop.connect(proxy.port);
      await cut.call('query', { sql: 'SELECT 1' });
      proxy.cutAt('COMMIT');
      await expect(cut.call('execute', { sql: 'INSERT INTO mark VALUES (3)' })).rejects.toMatchObject({
        code: 'TRANSIENT_NETWORK',
        effect: 'maybe',
      });
      proxy.cutAt('INSERT');
      await expect(cut.call('execute', { sql: 'INSERT INTO mark VALUES (4)' })).rejects.toMatchObject({
        code: 'TRANSIENT_NETWORK',
        effect: 'none',
      });
      expect(await isThere(4)).toBe(false);
    } finally {
      await proxy.close();
    }
  });

  it('do not vouch for a commit after which an administrator ended them', async () => {
    // Commits are kept, and then wait for a standby that does not exist.
    await server.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    await server.sql('SELECT pg_reload_conf()');
    while (!JSON.stringify(await server.sql('SHOW synchronous_standby_names')).includes('nobody')) await sleep(20);
    const waiting = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    try {
      const failed = expect(execute('INSERT INTO mark VALUES (70)')).rejects.toMatchObject({ effect: 'maybe' });
      while ((await server.sql(waiting)).length === 0) await sleep(10);
      await failed;
      expect(await isThere(70)).toBe(true);
    } finally {
      await server.sql('ALTER SYSTEM RESET synchronous_standby_names');
      await server.sql('SELECT pg_reload_conf()');
    }
  });

  it('are told apart from those of others that are full', async () => {
    const busy = connector.call('query', { sql: 'SELECT pg_sleep(60)' });
    const ended = expect(busy).rejects.toMatchObject({ details: { reason: 'canceled_by_server' } });
    while ((await server.sql(SLEEPING)).length === 0) await sleep(10);
    for (const action of ['query', 'execute'])
      await expect(connector.call(action, { sql: 'SELECT 1' }, { timeoutMs: 200 })).rejects.toMatchObject({
        code: 'OVERLOADED',
        effect: 'none',
        retryable: true,
        details: { reason: 'pool_exhausted' },
      });
    await server.sql(SLEEPING.replace('SELECT 1', 'SELECT pg_cancel_backend(pid)'));
    await ended;
  });

  it('run no longer than an administrator lets them, and are not started again then', async () => {
    await server.sql("CREATE ROLE hasty LOGIN PASSWORD 'x'; ALTER ROLE hasty SET statement_timeout = '0.2s'");
    const config = { auth: { type: 'basic' as const, username: 'hasty', password: 'x' } };
    const hasty = await workshop.connect(server.port, {}, { config });
    for (const sql of ['SELECT pg_sleep(60)', 'DO $$ BEGIN PERFORM pg_sleep(60); END $$'])
      await expect(hasty.call('execute', { sql })).rejects.toMatchObject({
        retryable: false,
        details: { reason: 'canceled_by_server' },
      });
    await expect(hasty.call('query', { sql: 'SHOW statement_timeout' })).resolves.toMatchObject({
      rows: [{ statement_timeout: '200ms' }],
    });
  });

  it('are used again after a call that was wrong', async () => {
    const pid = async () => (await connector.call('query', { sql: 'SELECT pg_backend_pid() AS pid' }))['rows'];
    const before = await pid();
    const wrong: JsonObject[] = [
      { sql: 'SELECT $1::int', params: [] },
      { sql: 'SELECT $1::int', params: [[1]] },
      { sql: "SELECT repeat('x', 3000000)" },
    ];
    for (const each of wrong)
      await expect(connector.call('query', each)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await pid()).toStrictEqual(before);
  });

  it('are no good to a connector for changes where the server takes none', async () => {
    const reader = await workshop.connect(server.port, { read_only: true });
    await server.sql('ALTER ROLE postgres SET default_transaction_read_only = on');
    const ours = "FROM pg_stat_activity WHERE application_name LIKE 'automate:%'";
    while ((await server.sql(`SELECT pg_terminate_backend(pid) ${ours}`)).length > 0) await sleep(20);
    // Whichever of us has not heard of it yet hears of it now.
    await Promise.allSettled([execute('SELECT 1'), reader.call('query', { sql: 'SELECT 1' })]);
    await expect(connector.health()).resolves.toMatchObject({
      status: 'unhealthy',
      message: expect.stringContaining('takes no changes'),
    });
    await expect(reader.health()).resolves.toMatchObject({ status: 'healthy' });
    await expect(execute('DELETE FROM mark')).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      effect: 'none',
      retryable: true,
      details: { reason: 'server_read_only' },
    });
    await server.sql('BEGIN READ WRITE; ALTER ROLE postgres RESET default_transaction_read_only; COMMIT');
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
  });

  /**
   * Between us and the server, it passes on what contains the text and then ends the connection before the answer, or
   * puts one text in the place of another one that is as long.
   */
  async function startCutter() {
    let text = '';
    let [from, to] = ['', ''];
    const sockets = new Set<Socket>();
    const listener = createServer((near) => {
      const far = connectSocket(server.port, '127.0.0.1');
      for (const socket of [near, far]) sockets.add(socket.on('error', () => undefined));
      near.on('data', (bytes) => {
        far.write(from === '' ? bytes : Buffer.from(bytes.toString('latin1').replace(from, to), 'latin1'));
        if (text === '' || !bytes.includes(text)) return;
        near.destroy();
        far.end();
      });
      far.on('data', (bytes) => near.destroyed || near.write(bytes));
      near.on('close', () => far.end());
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return {
      port: (listener.address() as AddressInfo).port,
      cutAt: (wanted: string) => void (text = wanted),
      put: (...texts: [string, string]) => void ([from, to] = texts),
      async close() {
        for (const socket of sockets) socket.destroy();
        listener.close();
        await once(listener, 'close');
      },
    };
  }
});
