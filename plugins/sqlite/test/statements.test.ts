import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import type { JsonObject, JsonValue } from '@automate/sdk';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorkshop } from './open-sqlite.ts';

const workshop = createWorkshop();
type Connector = Awaited<ReturnType<typeof workshop.connect>>;
let connector: Connector;

beforeAll(async () => {
  connector = await workshop.connect();
  await connector.call('execute', {
    sql: 'CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, price NUMERIC DEFAULT 0, picture BLOB)',
  });
});
afterAll(() => workshop.close());

/** What is refused, and as what. */
type Refused = [title: string, action: string, payload: JsonObject, code: string];

describe('execute', () => {
  it('tells how many rows it changed and the id of the new one', async () => {
    await expect(
      connector.call('execute', { sql: "INSERT INTO item (name) VALUES (?), ('b')", params: ['a'] }),
    ).resolves.toMatchObject({ rows_affected: 2, last_insert_id: '2', rows: [] });
    const update = await connector.call('execute', { sql: 'UPDATE item SET price = 5 WHERE name = ?', params: ['a'] });
    expect(update).toMatchObject({ rows_affected: 1 });
    expect(update).not.toHaveProperty('last_insert_id');
    await expect(connector.call('execute', { sql: 'DELETE FROM item WHERE id > 100' })).resolves.toMatchObject({
      rows_affected: 0,
    });
    await expect(connector.call('execute', { sql: 'CREATE TABLE empty (a)' })).resolves.toMatchObject({
      rows_affected: 0,
    });
  });

  it('tells the id of a new row only where there is one', async () => {
    const ids = await workshop.connect({ file: 'ids.db' });
    const idOf = async (sql: string): Promise<unknown> => (await ids.call('execute', { sql }))['last_insert_id'];
    for (const sql of [
      'CREATE TABLE a (id INTEGER PRIMARY KEY, name UNIQUE, n DEFAULT 0)',
      'CREATE TABLE b (key TEXT PRIMARY KEY) WITHOUT ROWID',
      'CREATE TABLE log (id INTEGER PRIMARY KEY, what)',
      'CREATE TRIGGER on_update AFTER UPDATE ON a BEGIN INSERT INTO log (id, what) VALUES (NULL, 1); END',
      'CREATE VIEW v AS SELECT name FROM a',
      'CREATE VIRTUAL TABLE words USING fts5 (word)',
      'VACUUM',
      'CREATE TRIGGER on_view INSTEAD OF INSERT ON v BEGIN INSERT INTO log (what) VALUES (2); END',
    ])
      expect(await idOf(sql)).toBeUndefined();
    expect(await idOf("INSERT INTO a (id, name) VALUES (41, 'x')")).toBe('41');
    const upsert = "INSERT INTO a (name) VALUES ('x') ON CONFLICT (name) DO UPDATE SET n = n + 1";
    for (const sql of [
      upsert,
      `${upsert} RETURNING id`,
      "INSERT OR IGNORE INTO a (name) VALUES ('x')",
      "INSERT INTO b VALUES ('k')",
      "INSERT INTO v VALUES ('w')",
      'UPDATE a SET n = 5',
      'DELETE FROM log',
    ])
      expect(await idOf(sql)).toBeUndefined();
    expect(await idOf("INSERT INTO a (name) VALUES ('y') RETURNING name")).toBe('42');
    expect(await idOf("WITH w AS (SELECT 'z' AS z) INSERT INTO a (name) SELECT z FROM w")).toBe('43');
    expect(await idOf("REPLACE INTO a (name) VALUES ('z')")).toBe('44');
    expect(await idOf('INSERT INTO log (id) VALUES (44)')).toBe('44');
  });

  it('gives the rows that a statement returns, and changes all of them beyond the cap', async () => {
    const small = await workshop.connect({ max_rows: 2 });
    const sql = "INSERT INTO item (name) VALUES ('r1'), ('r2'), ('r3') RETURNING name";
    await expect(small.call('execute', { sql })).resolves.toMatchObject({
      rows_affected: 3,
      rows: [{ name: 'r1' }, { name: 'r2' }],
      truncated: true,
    });
    await expect(connector.call('execute', { sql: "DELETE FROM item WHERE name GLOB 'r?'" })).resolves.toMatchObject({
      rows_affected: 3,
    });
  });

  it('leaves no transaction open', async () => {
    await expect(connector.call('execute', { sql: 'BEGIN' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(connector.call('execute', { sql: 'SAVEPOINT x' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(connector.call('transaction', { statements: [{ sql: 'SELECT 1' }] })).resolves.toBeDefined();
    await expect(connector.call('execute', { sql: 'VACUUM' })).resolves.toBeDefined();
  });
});

describe('query', () => {
  it('gives columns with their declared types, and rows by column name', async () => {
    await expect(
      connector.call('query', { sql: 'SELECT id, name, price FROM item WHERE name = ?', params: ['a'] }),
    ).resolves.toStrictEqual({
      columns: [
        { name: 'id', type: 'INTEGER', category: 'integer' },
        { name: 'name', type: 'TEXT', category: 'text' },
        { name: 'price', type: 'NUMERIC', category: 'other' },
      ],
      rows: [{ id: 1, name: 'a', price: 5 }],
      row_count: 1,
      truncated: false,
    });
  });

  it('loses no digit, no byte and no type', async () => {
    const params: JsonValue[] = [{ integer: '9007199254740993' }, 1, 1, 1.5, true, null, 'é', { base64: 'AP8=' }];
    const { rows } = await connector.call('query', {
      sql: 'SELECT ? AS big, ? AS one, typeof(?) AS t, ? AS half, ? AS yes, ? AS none, ? AS text, ? AS bytes, 9e999 AS inf',
      params,
    });
    expect(rows).toStrictEqual([
      {
        big: '9007199254740993',
        one: 1,
        t: 'integer',
        half: 1.5,
        yes: 1,
        none: null,
        text: 'é',
        bytes: { base64: 'AP8=' },
        inf: 'Infinity',
      },
    ]);
  });

  it('keeps columns of one name apart', async () => {
    await expect(connector.call('query', { sql: 'SELECT 1 AS a, 2 AS a, 3 AS a_2' })).resolves.toMatchObject({
      rows: [{ a: 1, a_3: 2, a_2: 3 }],
    });
  });

  it('pages through a long result and says where it goes on', async () => {
    const sql =
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n ORDER BY i';
    const pages = [];
    for (let offset: unknown = 0; typeof offset === 'number';) {
      const page = await connector.call('query', { sql, limit: 2, offset });
      pages.push(page['rows']);
      offset = page['next_offset'];
    }
    expect(pages).toStrictEqual([[{ i: 1 }, { i: 2 }], [{ i: 3 }, { i: 4 }], [{ i: 5 }]]);
  });

  it('ends a page before it gets too large to send', async () => {
    const sql =
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4) SELECT i, hex(zeroblob(500000)) AS x FROM n';
    const first = await connector.call('query', { sql });
    expect(first).toMatchObject({ row_count: 2, truncated: true, next_offset: 2 });
    await expect(connector.call('query', { sql, offset: 2 })).resolves.toMatchObject({
      row_count: 2,
      truncated: false,
    });
  });

  it('refuses values and rows that are too large, by name', async () => {
    await expect(connector.call('query', { sql: 'SELECT zeroblob(2200000) AS huge' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('in column "huge"'),
    });
    await expect(connector.call('query', { sql: 'SELECT hex(zeroblob(1500000)) AS huge' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { reason: 'row_too_large' },
    });
    const huge = Buffer.alloc(2 * 1024 * 1024 + 3).toString('base64');
    await expect(connector.call('query', { sql: 'SELECT ?', params: [{ base64: huge }] })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  it('cannot write, by the word of SQLite', async () => {
    for (const sql of ["INSERT INTO item (name) VALUES ('w')", 'DELETE FROM item RETURNING id', 'DROP TABLE item'])
      await expect(connector.call('query', { sql })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(connector.call('query', { sql: 'SELECT count(*) AS n FROM item' })).resolves.toMatchObject({
      rows: [{ n: 2 }],
    });
  });

  it('ends at the deadline of the call', async () => {
    const sql = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n';
    await expect(
      connector.call('query', { sql, limit: 1, offset: 1_000_000_000 }, { timeoutMs: 100 }),
    ).rejects.toMatchObject({
      code: 'TIMEOUT',
      effect: 'none',
    });
  });
});

describe('transaction', () => {
  const count = async (): Promise<unknown> => {
    const { rows } = await connector.call('query', { sql: 'SELECT count(*) AS n FROM item' });
    return rows;
  };

  it('does all of its statements', async () => {
    const { results } = await connector.call('transaction', {
      statements: [
        { sql: 'INSERT INTO item (name) VALUES (?)', params: ['t1'] },
        { sql: 'UPDATE item SET price = price + 1' },
        { sql: 'SELECT name FROM item WHERE name = ?', params: ['t1'] },
        { sql: "DELETE FROM item WHERE name = 't1'" },
      ],
    });
    expect(results).toMatchObject([
      { rows_affected: 1 },
      { rows_affected: 3 },
      { rows_affected: 0, rows: [{ name: 't1' }] },
      { rows_affected: 1 },
    ]);
  });

  it.each([
    ['a wrong one', { sql: 'INSERT INTO nowhere VALUES (1)' }, 'INVALID_INPUT'],
    ['a key that is taken', { sql: "INSERT INTO item (name) VALUES ('a')" }, 'ALREADY_EXISTS'],
    ['one that would end it early', { sql: '/* at */ COMMIT' }, 'INVALID_INPUT'],
  ])('does none of them if there is %s among them', async (_title, bad, code) => {
    const before = await count();
    const statements = [{ sql: "INSERT INTO item (name) VALUES ('lost')" }, bad];
    await expect(connector.call('transaction', { statements })).rejects.toMatchObject({ code });
    expect(await count()).toStrictEqual(before);
  });
});

describe('a wrong statement', () => {
  it.each<Refused>([
    ['syntax', 'query', { sql: 'SELEC 1' }, 'INVALID_INPUT'],
    ['an unknown table', 'query', { sql: 'SELECT * FROM nowhere' }, 'INVALID_INPUT'],
    ['too few parameters', 'query', { sql: 'SELECT ?, ?', params: [1] }, 'INVALID_INPUT'],
    ['too many parameters', 'query', { sql: 'SELECT ?', params: [1, 2] }, 'INVALID_INPUT'],
    ['a named parameter without a value', 'execute', { sql: 'DELETE FROM item WHERE id = :id' }, 'INVALID_INPUT'],
    ['a numbered parameter', 'query', { sql: 'SELECT ?1', params: [1] }, 'INVALID_INPUT'],
    ['two statements', 'execute', { sql: 'DELETE FROM item; DELETE FROM item' }, 'INVALID_INPUT'],
    ['no statement', 'execute', { sql: ' -- nothing' }, 'INVALID_INPUT'],
    [
      'a whole number of more than 64 bits',
      'query',
      { sql: 'SELECT ?', params: [{ integer: '9'.repeat(19) }] },
      'INVALID_INPUT',
    ],
    ['NULL where none may be', 'execute', { sql: 'INSERT INTO item (name) VALUES (NULL)' }, 'INVALID_INPUT'],
    ['a name that is taken', 'execute', { sql: "INSERT INTO item (name) VALUES ('a')" }, 'ALREADY_EXISTS'],
    ['an id that is taken', 'execute', { sql: "INSERT INTO item (id, name) VALUES (1, 'new')" }, 'ALREADY_EXISTS'],
    ['another database', 'execute', { sql: "ATTACH '/tmp/elsewhere.db' AS x" }, 'FORBIDDEN'],
    ['another database, by an expression', 'execute', { sql: "ATTACH '/tmp/' || 'elsewhere.db' AS x" }, 'FORBIDDEN'],
    ['a copy elsewhere', 'execute', { sql: "VACUUM INTO '/tmp/elsewhere.db'" }, 'FORBIDDEN'],
    ['a pragma that changes the connection', 'execute', { sql: 'PRAGMA foreign_keys = OFF' }, 'FORBIDDEN'],
    ['a mode of the file in a query', 'query', { sql: 'PRAGMA journal_mode = WAL' }, 'FORBIDDEN'],
    ['a mode that is less safe', 'execute', { sql: 'PRAGMA journal_mode = OFF' }, 'FORBIDDEN'],
    ['a table that only this connection has', 'execute', { sql: 'CREATE TEMP TABLE item (a)' }, 'FORBIDDEN'],
    ['a table that only this connection has', 'query', { sql: 'CREATE TABLE temp.item (a)' }, 'FORBIDDEN'],
    ...[
      'CREATE TABLE temp.item (a)',
      'CREATE TABLE temp.item AS SELECT 1',
      'CREATE VIEW temp.item AS SELECT 1 AS id',
      'CREATE VIRTUAL TABLE temp.item USING fts5(name)',
      'CREATE TRIGGER temp.lost BEFORE INSERT ON item BEGIN SELECT RAISE(IGNORE); END',
    ].map((sql): Refused => [`what would hide the file's own: ${sql}`, 'execute', { sql }, 'FORBIDDEN']),
    ['an extension', 'query', { sql: "SELECT load_extension('/tmp/x.so')" }, 'INVALID_INPUT'],
  ])('is refused: %s', async (_title, action, payload, code) => {
    await expect(connector.call(action, payload)).rejects.toMatchObject({ code, retryable: false, effect: 'none' });
  });

  it('counts no rows of its own that SQLite writes', async () => {
    const sql = 'CREATE VIRTUAL TABLE words USING fts5(word)';
    await expect(connector.call('execute', { sql })).resolves.toMatchObject({ rows_affected: 0 });
    const insert = { sql: "INSERT INTO words VALUES ('a'), ('b')" };
    await expect(connector.call('execute', insert)).resolves.toMatchObject({ rows_affected: 2 });
  });

  it('has no parameters in texts, names and comments', async () => {
    const sql = `SELECT '?''?' AS "what?", ? AS [is :it] /* ? */ -- ?`;
    await expect(connector.call('query', { sql, params: ['x'] })).resolves.toMatchObject({
      rows: [{ 'what?': "?'?", 'is :it': 'x' }],
    });
  });

  it('may end in a semicolon and a comment', async () => {
    await expect(connector.call('query', { sql: ' SELECT 1 AS one; -- done' })).resolves.toMatchObject({
      rows: [{ one: 1 }],
    });
  });

  it('waits for a lock as long as the settings say, and then may be tried again', async () => {
    const other = new DatabaseSync(join(workshop.folder, 'test.db'));
    const impatient = await workshop.connect({ busy_timeout_ms: 50 });
    other.exec('BEGIN IMMEDIATE');
    await expect(impatient.call('execute', { sql: "INSERT INTO item (name) VALUES ('x')" })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      retryable: true,
      effect: 'none',
      details: { reason: 'locked' },
    });
    other.exec('ROLLBACK');
    other.close();
    await expect(impatient.call('execute', { sql: 'DELETE FROM item WHERE 0' })).resolves.toBeDefined();
  });
});
