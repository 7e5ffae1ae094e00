import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { JsonObject } from '@automate/sdk';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createWorkshop } from './open-sqlite.ts';

let workshop: ReturnType<typeof createWorkshop>;
beforeEach(() => {
  workshop = createWorkshop();
});
afterEach(() => workshop.close());

const one = { sql: 'SELECT 1 AS one' };

function createFile(path: string, value: number): void {
  const database = new DatabaseSync(path);
  database.exec(`CREATE TABLE t (a); INSERT INTO t VALUES (${value})`);
  database.close();
}

describe('the file', () => {
  it('must lie in the directory, links followed', async () => {
    const inside = join(workshop.folder, 'inside');
    mkdirSync(inside);
    createFile(join(workshop.folder, 'outside.db'), 1);
    symlinkSync(join(workshop.folder, 'outside.db'), join(inside, 'link.db'));
    symlinkSync(workshop.folder, join(inside, 'way-out'));
    symlinkSync(join(workshop.folder, 'not-yet.db'), join(inside, 'dangling.db'));
    for (const file of [
      '../outside.db',
      join(workshop.folder, 'outside.db'),
      'link.db',
      'way-out/outside.db',
      '.',
      '..',
    ]) {
      const connector = await workshop.connect({ directory: inside, file });
      await expect(connector.call('query', one)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        details: { reason: 'outside_directory' },
      });
      await expect(connector.health()).resolves.toMatchObject({
        status: 'unhealthy',
        details: { code: 'CONFIG_INVALID' },
      });
    }
    const dangling = await workshop.connect({ directory: inside, file: 'dangling.db' });
    await expect(dangling.call('query', one)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('may be a link that stays within', async () => {
    createFile(join(workshop.folder, 'real.db'), 7);
    symlinkSync('real.db', join(workshop.folder, 'link.db'));
    const connector = await workshop.connect({ file: 'link.db' });
    await expect(connector.call('query', { sql: 'SELECT a FROM t' })).resolves.toMatchObject({ rows: [{ a: 7 }] });
  });

  it('is created only where that is permitted', async () => {
    const connector = await workshop.connect({ file: 'new.db', create: false });
    await expect(connector.call('execute', { sql: 'CREATE TABLE t (a)' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { reason: 'no_file' },
    });
    const creating = await workshop.connect({ file: 'new.db' });
    await expect(creating.health()).resolves.toMatchObject({ status: 'healthy' });
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
  });

  it('is memory only where that is permitted, and there still cannot be written by a query', async () => {
    const refused = await workshop.connect({ file: ':memory:' });
    await expect(refused.call('query', one)).rejects.toMatchObject({ details: { reason: 'memory_not_allowed' } });
    const connector = await workshop.connect({ file: ':memory:', allow_memory: true });
    await connector.call('execute', { sql: 'CREATE TABLE t (a)' });
    await connector.call('execute', { sql: 'INSERT INTO t VALUES (1)' });
    for (const sql of ['DELETE FROM t', 'DELETE FROM t RETURNING a', 'WITH x AS (SELECT 1) DELETE FROM t'])
      await expect(connector.call('query', { sql })).rejects.toMatchObject({
        code: 'FORBIDDEN',
        effect: 'none',
        blame: 'caller',
        details: { reason: 'read_only' },
      });
    await expect(connector.call('query', { sql: 'SELECT a FROM t' })).resolves.toMatchObject({ rows: [{ a: 1 }] });
    await expect(connector.call('execute', { sql: 'DELETE FROM t' })).resolves.toMatchObject({ rows_affected: 1 });
  });

  it('is never written to under read_only', async () => {
    createFile(join(workshop.folder, 'test.db'), 7);
    const connector = await workshop.connect({ read_only: true });
    await expect(connector.call('query', { sql: 'SELECT a FROM t' })).resolves.toMatchObject({ rows: [{ a: 7 }] });
    const refused = { code: 'FORBIDDEN', details: { reason: 'read_only' } };
    await expect(connector.call('execute', { sql: 'DELETE FROM t' })).rejects.toMatchObject(refused);
    await expect(connector.call('transaction', { statements: [one] })).rejects.toMatchObject(refused);
  });

  it('is found again after it was lost, and anew after it was replaced', async () => {
    const path = join(workshop.folder, 'test.db');
    createFile(path, 1);
    const connector = await workshop.connect({ create: false });
    const ask = () => connector.call('query', { sql: 'SELECT a FROM t' });
    await expect(ask()).resolves.toMatchObject({ rows: [{ a: 1 }] });
    renameSync(path, `${path}.away`);
    await expect(ask()).rejects.toMatchObject({ code: 'CONFIG_INVALID', details: { reason: 'no_file' } });
    await expect(connector.health()).resolves.toMatchObject({ status: 'unhealthy' });
    renameSync(`${path}.away`, path);
    await expect(ask()).resolves.toMatchObject({ rows: [{ a: 1 }] });
    createFile(`${path}.new`, 2);
    renameSync(`${path}.new`, path);
    await expect(ask()).resolves.toMatchObject({ rows: [{ a: 2 }] });
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
  });

  it('that is replaced while a change waits for its lock makes the change no success', async () => {
    const path = join(workshop.folder, 'test.db');
    createFile(path, 1);
    createFile(`${path}.new`, 2);
    // Reads until the change is there to be committed, and then puts the other file in its place.
    const script = `const { existsSync, renameSync } = require('node:fs');
      const { DatabaseSync } = require('node:sqlite');
      const path = process.argv[1];
      const rows = new DatabaseSync(path).prepare('SELECT a FROM t').iterate();
      rows.next();
      console.log('reading');
      const timer = setInterval(() => {
        if (!existsSync(path + '-journal')) return;
        clearInterval(timer);
        renameSync(path + '.new', path);
        rows.return();
      }, 5)`;
    const reader = spawn(process.execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(reader.stdout, 'data');
    const connector = await workshop.connect({ busy_timeout_ms: 10_000 });
    await expect(connector.call('execute', { sql: 'INSERT INTO t VALUES (3)' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      // On a busy machine the file is gone before COMMIT is sent.
      effect: expect.stringMatching(/^(?:maybe|none)$/),
      details: { reason: 'file_replaced' },
    });
    await connector.call('execute', { sql: 'INSERT INTO t VALUES (4)' });
    const database = new DatabaseSync(path);
    expect(database.prepare('SELECT a FROM t').all()).toMatchObject([{ a: 2 }, { a: 4 }]);
    database.close();
  });

  it('cannot be changed in a directory that takes no journal, and that is what is said', async () => {
    const path = join(workshop.folder, 'test.db');
    createFile(path, 1);
    const connector = await workshop.connect();
    chmodSync(path, 0o666);
    chmodSync(workshop.folder, 0o555);
    // What is permitted means nothing to root.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      await expect(connector.call('execute', { sql: 'INSERT INTO t VALUES (2)' })).rejects.toMatchObject({
        code: 'FORBIDDEN',
        message: expect.stringContaining('its directory must be one that the host may write'),
        details: { reason: 'read_only' },
      });
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(workshop.folder, 0o755);
    }
  });

  it('that is no database is named as such', async () => {
    writeFileSync(join(workshop.folder, 'test.db'), 'this is no database, but long enough to look like one'.repeat(40));
    const connector = await workshop.connect();
    const failure = { code: 'UPSTREAM_5XX', retryable: false, details: { reason: 'bad_answer' } };
    await expect(connector.call('query', { sql: 'SELECT * FROM sqlite_schema' })).rejects.toMatchObject(failure);
    await expect(connector.health()).resolves.toMatchObject({ status: 'unhealthy', details: { code: 'UPSTREAM_5XX' } });
    rmSync(join(workshop.folder, 'test.db'));
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
  });

  it('is another one for each connector', async () => {
    createFile(join(workshop.folder, 'a.db'), 1);
    createFile(join(workshop.folder, 'b.db'), 2);
    const pair = [await workshop.connect({ file: 'a.db' }), await workshop.connect({ file: 'b.db' })];
    const answers = await Promise.all(pair.map((each) => each.call('query', { sql: 'SELECT a FROM t' })));
    expect(answers.map(({ rows }) => rows)).toStrictEqual([[{ a: 1 }], [{ a: 2 }]]);
  });
});

describe('the schema', () => {
  it('is listed in pages, without what is SQLite’s own', async () => {
    const connector = await workshop.connect();
    for (const sql of [
      'CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT)',
      'CREATE TABLE a (x)',
      'CREATE VIEW c AS SELECT 1',
    ])
      await connector.call('execute', { sql });
    const first = await connector.call('list_tables', { limit: 2 });
    expect(first['tables']).toStrictEqual([
      { schema: 'main', name: 'a', type: 'table' },
      { schema: 'main', name: 'b', type: 'table' },
    ]);
    await expect(
      connector.call('list_tables', { limit: 2, cursor: first['next_cursor'] ?? '' }),
    ).resolves.toStrictEqual({ tables: [{ schema: 'main', name: 'c', type: 'view' }] });
    await expect(connector.call('list_tables', { cursor: '§' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('is described table by table', async () => {
    const connector = await workshop.connect();
    await connector.call('execute', { sql: 'CREATE TABLE owner (id INTEGER PRIMARY KEY)' });
    await connector.call('execute', {
      sql: `CREATE TABLE pet (name TEXT NOT NULL, born TEXT DEFAULT 'never', loud TEXT AS (upper(name)),
            owner_id INTEGER REFERENCES owner (id), PRIMARY KEY (name))`,
    });
    await connector.call('execute', { sql: 'CREATE INDEX pet_of ON pet (owner_id, born)' });
    const plain = { nullable: true, primary_key: false, generated: false };
    await expect(connector.call('describe_table', { table: 'pet' })).resolves.toStrictEqual({
      schema: 'main',
      table: 'pet',
      type: 'table',
      columns: [
        { name: 'name', type: 'TEXT', nullable: false, primary_key: true, generated: false },
        { name: 'born', type: 'TEXT', default: "'never'", ...plain },
        { name: 'loud', type: 'TEXT', ...plain, generated: true },
        { name: 'owner_id', type: 'INTEGER', ...plain },
      ],
      indexes: [
        { name: 'pet_of', unique: false, columns: ['owner_id', 'born'] },
        { name: 'sqlite_autoindex_pet_1', unique: true, columns: ['name'] },
      ],
      foreign_keys: [{ columns: ['owner_id'], schema: 'main', table: 'owner', references: ['id'] }],
    });
    await expect(connector.call('describe_table', { table: 'main.pet' })).resolves.toMatchObject({ table: 'pet' });
    await expect(connector.call('describe_table', { table: 'nowhere' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('tells how rows are numbered, what is checked and what else a table was made with', async () => {
    const connector = await workshop.connect();
    const describe = async (sql: string): Promise<JsonObject> => {
      await connector.call('execute', { sql: 'DROP TABLE IF EXISTS t' });
      await connector.call('execute', { sql });
      return connector.call('describe_table', { table: 't' });
    };
    const id = { name: 'id', type: 'INTEGER', nullable: false, primary_key: true, generated: false };
    expect(await describe('CREATE TABLE t (id INTEGER PRIMARY KEY)')).toMatchObject({
      columns: [{ ...id, identity: 'by_default' }],
    });
    expect(await describe('CREATE TABLE t (id INTEGER PRIMARY KEY /* ) */ AUTOINCREMENT) STRICT')).toMatchObject({
      columns: [{ ...id, identity: 'auto_increment' }],
      options: ['STRICT'],
    });
    for (const sql of [
      "CREATE TABLE t (id INT PRIMARY KEY DEFAULT 'autoincrement')",
      'CREATE TABLE t (id INTEGER PRIMARY KEY DESC)',
      'CREATE TABLE t (id INTEGER PRIMARY KEY) WITHOUT ROWID',
    ])
      expect((await describe(sql))['columns']).toStrictEqual([
        expect.not.objectContaining({ identity: expect.anything() }),
      ]);
    const checked = await describe(
      `CREATE TABLE t (a CHECK (a <> ')' AND (a) > 1), b, CONSTRAINT "small one" CHECK(b < 5)) /* CHECK (0) */`,
    );
    expect(checked['checks']).toStrictEqual([
      { name: '', expression: "a <> ')' AND (a) > 1" },
      { name: 'small one', expression: 'b < 5' },
    ]);
    await expect(connector.call('list_tables', { schema: 'elsewhere' })).resolves.toStrictEqual({ tables: [] });
  });
});
