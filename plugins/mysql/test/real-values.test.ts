import type { JsonObject, JsonValue } from '@automate/sdk';
import { describeWith } from '@automate/tooling/require-service';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mariadb } from './start-mariadb.ts';
import type { Shop } from './start-shop.ts';
import { startShop } from './start-shop.ts';

const SETUP = [
  'CREATE TABLE bits (id int PRIMARY KEY, flags bit(8), doc json)',
  'CREATE TABLE big (id bigint PRIMARY KEY, code varchar(30))',
  "INSERT INTO big VALUES (9007199254740992, '9007199254740992'), (9007199254740993, '9007199254740993')",
];

describeWith(mariadb, 'values that MariaDB stores and gives', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop({ setup: SETUP });
  });
  afterAll(() => shop?.close());

  it.each(['state', 'flags', 'doc', 'weight'])('are no key where by them no next page is found: %s', async (key) => {
    await shop.server.sql(
      "CREATE TABLE IF NOT EXISTS ordered (id int PRIMARY KEY, state enum('new', 'done', 'active'), flags set('b', 'a'), doc json, weight float)",
      `REPLACE INTO ordered VALUES (1, 'new', 'b', '{"a": 1}', 0.1), (2, 'done', 'a', '{"a": 2}', 0.2)`,
    );
    const input = { sql: 'SELECT * FROM ordered', limit: 1 };
    await expect(shop.call('query', { ...input, key: [key] })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(shop.call('query', { ...input, key: ['id'] })).resolves.toMatchObject({ rows: [{ id: 1 }] });
  });

  describe('a number as parameter', () => {
    it('is a number to the server', async () => {
      await shop.execute("INSERT INTO bits VALUES (1, ?, JSON_OBJECT('q', ?))", [5, 7]);
      await shop.execute("UPDATE bits SET doc = JSON_SET(doc, '$.half', ?, '$.big', ?) WHERE id = ?", [
        1.5,
        { integer: '9007199254740993' },
        1,
      ]);
      const [row] = await shop.server.sql('SELECT flags + 0 AS flags, CAST(doc AS char) AS doc FROM bits');
      expect(row).toMatchObject({ flags: 5, doc: '{"q": 7, "half": 1.5, "big": 9007199254740993}' });
      await expect(
        shop.query(
          'SELECT GREATEST(?, ?) AS greatest, ? < ? AS less, ? + 9007199254740993 AS sum, -? AS negative',
          [10, 9, 10, 9, 0, 3],
        ),
      ).resolves.toMatchObject({ rows: [{ greatest: 10, less: 0, sum: '9007199254740993', negative: -3 }] });
      await expect(
        shop.query('SELECT ? AS low, ? AS high', [-9007199254740991, 9007199254740991]),
      ).resolves.toMatchObject({ rows: [{ low: -9007199254740991, high: 9007199254740991 }] });
      await expect(shop.query('SELECT ? + 0 AS most', [{ integer: '18446744073709551615' }])).resolves.toMatchObject({
        rows: [{ most: '18446744073709551615' }],
      });
      await expect(
        shop.query('SELECT seq FROM seq_1_to_9 ORDER BY seq LIMIT ? OFFSET ?', [2, 3]),
      ).resolves.toMatchObject({
        rows: [{ seq: 4 }, { seq: 5 }],
      });
    });

    it('keeps its digits beyond 2^53, marked as a number or not', async () => {
      for (const id of ['9007199254740993', { integer: '9007199254740993' }])
        await expect(shop.query('SELECT id FROM big WHERE id = ?', [id])).resolves.toMatchObject({
          rows: [{ id: '9007199254740993' }],
        });
      await expect(shop.query('SELECT id FROM big WHERE code = ?', ['9007199254740993'])).resolves.toMatchObject({
        row_count: 1,
      });
      await shop.execute('INSERT INTO big VALUES (?, ?), (?, ?)', [
        { integer: '-9223372036854775808' },
        'least',
        '9223372036854775807',
        'most',
      ]);
      await expect(shop.query("SELECT id FROM big WHERE code IN ('least', 'most') ORDER BY id")).resolves.toMatchObject(
        {
          rows: [{ id: '-9223372036854775808' }, { id: '9223372036854775807' }],
        },
      );
      await expect(shop.query('SELECT ? AS n', [{ integer: '-9999999999999999999' }])).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        effect: 'none',
      });
    });
  });

  it('are JSON where the column is, with all digits', async () => {
    const doc = { id: 12, name: 'é 🦊', list: [1, null, true, { a: [] }] };
    await shop.execute('INSERT INTO bits (id, doc) VALUES (2, ?), (3, ?), (4, ?), (5, ?)', [
      { json: doc },
      '{"id":9007199254740993,"price":0.10000000000000000555}',
      [],
      { plain: 1 },
    ]);
    const found = await shop.query('SELECT doc FROM bits WHERE id BETWEEN 2 AND 5 ORDER BY id');
    expect(found['columns']).toStrictEqual([{ name: 'doc', type: 'json', category: 'json' }]);
    expect(found['rows']).toStrictEqual([
      { doc },
      { doc: { id: '9007199254740993', price: '0.10000000000000000555' } },
      { doc: [] },
      { doc: { plain: 1 } },
    ]);
  });

  it('are as they were stored, of every type', async () => {
    await shop.server.sql(
      `CREATE TABLE kinds (id int PRIMARY KEY, single float, exact decimal(30, 20), year year, tag enum('a', 'it''s'), tags set('x', 'y'),
        uuid uuid, address inet6, clock time(3), code char(4) CHARACTER SET ascii, raw blob, yes boolean)`,
    );
    const row = {
      id: 1,
      single: 1.1,
      exact: '9007199254.74099312345678901234',
      year: 2026,
      tag: "it's",
      tags: 'x,y',
      uuid: '123e4567-e89b-12d3-a456-426655440000',
      address: '2001:db8::ff00:42:8329',
      clock: '-100:10:10.5',
      code: 'ab',
      raw: { base64: '/wD+' },
      yes: 1,
    };
    await shop.execute(
      `INSERT INTO kinds VALUES (${Object.keys(row)
        .map(() => '?')
        .join(', ')})`,
      Object.values(row),
    );
    const { rows, columns } = await shop.query('SELECT * FROM kinds');
    expect(rows).toStrictEqual([row]);
    expect(columns).toMatchObject([
      { category: 'integer' },
      { type: 'float', category: 'float' },
      { category: 'decimal' },
      { type: 'year', category: 'integer' },
      { category: 'text' },
      { category: 'text' },
      { type: 'uuid', category: 'uuid' },
      { type: 'inet6', category: 'text' },
      { type: 'time', category: 'time' },
      { type: 'char', category: 'text' },
      { type: 'blob', category: 'bytes' },
      { type: 'tinyint', category: 'integer' },
    ]);
    // What was read finds the row again.
    await expect(
      shop.query('SELECT id FROM kinds WHERE exact = ? AND uuid = ? AND raw = ? AND clock = ? AND year = ?', [
        row.exact,
        row.uuid,
        row.raw,
        row.clock,
        row.year,
      ]),
    ).resolves.toMatchObject({ row_count: 1 });
  });

  it('keep the names of their columns', async () => {
    const { rows } = await shop.query('SELECT 1 AS `__proto__`, 2 AS `constructor`, 3 AS `a.b`, 4 AS ``');
    expect(Object.entries((rows as object[])[0] ?? {})).toStrictEqual([
      ['__proto__', 1],
      ['constructor', 2],
      ['a.b', 3],
      ['', 4],
    ]);
  });

  it('tell the id of a new row, and of none that is not known', async () => {
    await shop.server.sql(
      'CREATE TABLE numbered (id bigint AUTO_INCREMENT PRIMARY KEY, name varchar(9) UNIQUE, n int DEFAULT 0)',
      'CREATE TABLE keyed (name varchar(9) PRIMARY KEY, n int DEFAULT 0)',
    );
    await expect(shop.execute("INSERT INTO numbered (name) VALUES ('a'), ('b')")).resolves.toMatchObject({
      rows_affected: 2,
      last_insert_id: '1',
    });
    for (const sql of [
      "INSERT INTO keyed (name) VALUES ('a')",
      "UPDATE numbered SET n = 1 WHERE name = 'a'",
      "INSERT IGNORE INTO numbered (name) VALUES ('a')",
      "DELETE FROM numbered WHERE name = 'nobody'",
    ])
      expect(await shop.execute(sql)).not.toHaveProperty('last_insert_id');
    const upserted = await shop.execute("INSERT INTO numbered (name) VALUES ('a') ON DUPLICATE KEY UPDATE n = n + 1");
    expect(upserted['last_insert_id'] ?? '1').toBe('1');
  });

  it('count the rows that a statement changed and gave back', async () => {
    await expect(shop.execute("INSERT INTO big VALUES (1, 'r1'), (2, 'r2') RETURNING code")).resolves.toMatchObject({
      rows_affected: 2,
      rows: [{ code: 'r1' }, { code: 'r2' }],
    });
    await expect(shop.execute('DELETE FROM big WHERE id IN (1, 2) RETURNING id')).resolves.toMatchObject({
      rows_affected: 2,
    });
    await expect(shop.execute('SELECT id FROM big')).resolves.toMatchObject({ rows_affected: 0 });
  });

  it('of geometry columns are bytes that can be written back, with their system of reference', async () => {
    await shop.server.sql(
      'CREATE TABLE place (id int PRIMARY KEY, at point)',
      'INSERT INTO place VALUES (1, ST_GeomFromText("POINT(1 2)", 4326))',
    );
    const { rows, columns } = await shop.query('SELECT at FROM place');
    expect(columns).toStrictEqual([{ name: 'at', type: 'geometry', category: 'bytes' }]);
    const [{ at } = { at: null }] = rows as { at: JsonValue }[];
    await shop.execute('INSERT INTO place VALUES (2, ?)', [at]);
    await expect(
      shop.server.sql('SELECT ST_AsText(at) AS text, ST_SRID(at) AS srid FROM place WHERE id = 2'),
    ).resolves.toStrictEqual([{ text: 'POINT(1 2)', srid: 4326 }]);
  });
});

describeWith(mariadb, 'a MariaDB that takes only small messages', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop({
      args: ['--max-allowed-packet=64K'],
      setup: ['CREATE TABLE note (id int PRIMARY KEY, text longtext)'],
    });
  });
  afterAll(() => shop?.close());

  it('is given many rows in messages that it takes', async () => {
    const rows = Array.from({ length: 40 }, (_, id) => ({ id, text: `${id}`.padEnd(10_000, 'ä') }));
    await expect(shop.call('insert_rows', { table: 'note', rows })).resolves.toStrictEqual({ rows_affected: 40 });
    await expect(shop.call('upsert_rows', { table: 'note', key: ['id'], rows })).resolves.toBeDefined();
    await expect(shop.server.sql('SELECT count(*) AS n, min(length(text)) AS size FROM note')).resolves.toMatchObject([
      { n: 40, size: 19_998 },
    ]);
  });

  it.each<[string, JsonObject]>([
    ['execute', { sql: 'INSERT INTO note VALUES (100, ?)', params: ['x'.repeat(70_000)] }],
    ['execute', { sql: `INSERT INTO note VALUES (100, '${'x'.repeat(70_000)}')` }],
    ['transaction', { statements: [{ sql: 'DELETE FROM note' }, { sql: 'DO ?', params: ['x'.repeat(70_000)] }] }],
    ['insert_rows', { table: 'note', rows: [{ id: 100 }, { id: 101, text: 'x'.repeat(70_000) }] }],
  ])('is not sent what it would break the connection for: %s', async (action, input) => {
    await expect(shop.call(action, input)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
      message: expect.stringContaining('max_allowed_packet'),
    });
    await expect(shop.server.sql('SELECT max(id) AS id FROM note')).resolves.toMatchObject([{ id: 39 }]);
  });

  it('takes a message as large as it says', async () => {
    await expect(shop.execute('SELECT length(?) AS n', ['x'.repeat(65_000)])).resolves.toMatchObject({
      rows: [{ n: 65_000 }],
    });
  });
});
