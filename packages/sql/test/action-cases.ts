import { expect, it } from '@jest/globals';
import type { JsonObject } from '@automate/sdk';
import type { Connector } from './outcome-cases.ts';

export interface ActionServer {
  readonly connector: () => Connector;
  /** Runs a statement over a connection that is not the connector's. */
  see(sql: string): Promise<readonly object[]>;
  /** Between quotes. */
  readonly quote: (name: string) => string;
}

/** What the actions of every kind of database do alike, to be called within a `describe`. Makes tables of the names `crate_…`. */
export function itRunsTheCommonActions({ connector, see, quote }: ActionServer): void {
  const call = (action: string, input: JsonObject) => connector().call(action, input);

  it('inserts many rows at once, of different columns, or none of them', async () => {
    await see(
      "CREATE TABLE crate_in (id integer PRIMARY KEY, name varchar(20) DEFAULT 'none', weight double precision)",
    );
    const rows = Array.from({ length: 1200 }, (_, index): JsonObject =>
      index % 600 === 0 ? { id: index } : { id: index, name: `n${index}`, weight: index / 2 },
    );
    await expect(call('insert_rows', { table: 'crate_in', rows })).resolves.toStrictEqual({ rows_affected: 1200 });
    const seen = await see('SELECT id, name, weight FROM crate_in WHERE id IN (599, 600, 601) ORDER BY id');
    expect(seen.map((row) => ({ ...row }))).toStrictEqual([
      { id: 599, name: 'n599', weight: 299.5 },
      { id: 600, name: 'none', weight: null },
      { id: 601, name: 'n601', weight: 300.5 },
    ]);
    const clash: JsonObject[] = [{ id: 5000 }, { id: 5001, name: 'x' }, { id: 599 }];
    await expect(call('insert_rows', { table: 'crate_in', rows: clash })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      effect: 'none',
    });
    await expect(see('SELECT id FROM crate_in WHERE id >= 5000')).resolves.toHaveLength(0);
    await expect(call('insert_rows', { table: 'crate_in', rows: [{}] })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  it('updates the rows that are there, and inserts the others', async () => {
    await see('CREATE TABLE crate_up (a integer, b integer, c varchar(20), PRIMARY KEY (a, b))');
    const key = ['a', 'b'];
    const upsert = (rows: JsonObject[]) => call('upsert_rows', { table: 'crate_up', key, rows });
    await upsert([
      { a: 1, b: 1, c: 'x' },
      { a: 1, b: 2, c: 'y' },
    ]);
    await upsert([
      { a: 1, b: 2, c: 'z' },
      { a: 1, b: 3, c: 'w' },
    ]);
    await upsert([{ a: 1, b: 3 }]);
    const seen = await see('SELECT a, b, c FROM crate_up ORDER BY a, b');
    expect(seen.map((row) => ({ ...row }))).toStrictEqual([
      { a: 1, b: 1, c: 'x' },
      { a: 1, b: 2, c: 'z' },
      { a: 1, b: 3, c: 'w' },
    ]);
    await expect(
      call('upsert_rows', { table: 'crate_up', key: ['c'], rows: [{ a: 9, b: 9, c: 'x' }] }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT', effect: 'none' });
    await expect(upsert([{ a: 1, c: 'no key' }])).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(
      upsert([
        { a: 2, b: 1, c: 'x' },
        { a: 2, b: 2 },
      ]),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('finds the next page by its key, whatever has come and gone before it', async () => {
    await see('CREATE TABLE crate_key (id integer PRIMARY KEY, kind integer)');
    await call('insert_rows', {
      table: 'crate_key',
      rows: [1, 2, 3, 4, 5, 6, 7].map((id) => ({ id, kind: id % 2 })),
    });
    const input = { sql: 'SELECT id, kind FROM crate_key; -- all of them', key: ['kind', 'id'], limit: 3 };
    const first = await call('query', input);
    expect(first).toMatchObject({ rows: [{ id: 2 }, { id: 4 }, { id: 6 }], truncated: true });
    await see('DELETE FROM crate_key WHERE id = 4');
    const second = await call('query', { ...input, cursor: first['next_cursor'] ?? '' });
    expect(second).toMatchObject({ rows: [{ id: 1 }, { id: 3 }, { id: 5 }], truncated: true });
    const third = await call('query', { ...input, cursor: second['next_cursor'] ?? '' });
    expect(third).toMatchObject({ rows: [{ id: 7 }], truncated: false });
    expect(third).not.toHaveProperty('next_cursor');
    const refused: JsonObject[] = [{ cursor: 'x' }, { offset: 1 }, { key: ['nowhere'] }];
    for (const wrong of refused)
      await expect(call('query', { ...input, ...wrong })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await see('INSERT INTO crate_key (id) VALUES (8)');
    await expect(call('query', { ...input, limit: 10 })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('refuses a key by which rows would be lost', async () => {
    await see('CREATE TABLE crate_tie (id integer PRIMARY KEY, kind integer)');
    await call('insert_rows', { table: 'crate_tie', rows: [1, 2, 3, 4].map((id) => ({ id, kind: id % 2 })) });
    const page = { sql: 'SELECT id, kind FROM crate_tie', limit: 1 };
    await expect(call('query', { ...page, key: ['kind'] })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(call('query', { ...page, key: ['kind', 'id'] })).resolves.toMatchObject({ rows: [{ id: 2 }] });
  });

  it('refuses names that no database has', async () => {
    const wrong: [string, JsonObject][] = [
      ['insert_rows', { table: 'crate\0', rows: [{ id: 1 }] }],
      ['insert_rows', { table: 'crate\ud800', rows: [{ id: 1 }] }],
      ['insert_rows', { table: 'crate', rows: [{ 'id\0': 1 }] }],
      ['query', { sql: 'SELECT 1 AS id', key: ['id\0'] }],
      ['describe_table', { table: 'crate\0' }],
      ['list_tables', { schema: 'crate\0' }],
    ];
    for (const [action, input] of wrong)
      await expect(call(action, input)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        effect: 'none',
        retryable: false,
      });
  });

  it('takes no text with half a character in it, wherever it stands', async () => {
    const half = 'x\ud800';
    await see('CREATE TABLE crate_half (name varchar(9) PRIMARY KEY)');
    const inputs: [string, JsonObject][] = [
      ['query', { sql: `SELECT '${half}'` }],
      ['execute', { sql: `INSERT INTO crate_half VALUES ('${half}')` }],
      ['insert_rows', { table: 'crate_half', rows: [{ name: half }] }],
      ['upsert_rows', { table: 'crate_half', key: ['name'], rows: [{ name: half }] }],
      [
        'query',
        {
          sql: 'SELECT name FROM crate_half',
          key: ['name'],
          cursor: Buffer.from(JSON.stringify([half])).toString('base64url'),
        },
      ],
    ];
    for (const [action, input] of inputs)
      await expect(call(action, input)).rejects.toMatchObject({ code: 'INVALID_INPUT', effect: 'none' });
  });

  it('keeps a column of every name, each of them once', async () => {
    const name = quote('__proto__');
    const { columns, rows } = (await call('query', {
      sql: `SELECT 1 AS ${name}, 2 AS x, 3 AS x, 4 AS ${quote('constructor')}`,
    })) as { columns: { name: string }[]; rows: object[] };
    expect(columns.map((column) => column.name)).toStrictEqual(['__proto__', 'x', 'x_2', 'constructor']);
    expect(JSON.stringify(rows)).toBe('[{"__proto__":1,"x":2,"x_2":3,"constructor":4}]');
  });

  it('gives whole numbers as numbers as long as JSON holds them exactly, and else as text', async () => {
    await see('CREATE TABLE crate_big (id bigint PRIMARY KEY)');
    const big = '9007199254740993';
    await call('insert_rows', { table: 'crate_big', rows: [{ id: 9007199254740991 }, { id: { integer: big } }] });
    await expect(call('query', { sql: 'SELECT id FROM crate_big ORDER BY id' })).resolves.toMatchObject({
      columns: [{ name: 'id', category: 'integer' }],
      rows: [{ id: 9007199254740991 }, { id: big }],
    });
    const page = { sql: 'SELECT id FROM crate_big', key: ['id'], limit: 1 };
    const first = await call('query', page);
    await expect(call('query', { ...page, cursor: first['next_cursor'] ?? '' })).resolves.toMatchObject({
      rows: [{ id: big }],
    });
  });

  it('describes a table by its name with the schema before it', async () => {
    await see('CREATE TABLE crate_of (id integer PRIMARY KEY)');
    const { schema } = await call('describe_table', { table: 'crate_of' });
    await expect(call('describe_table', { table: `${String(schema)}.crate_of` })).resolves.toMatchObject({
      schema,
      table: 'crate_of',
      columns: [{ name: 'id', primary_key: true }],
    });
    await expect(call('describe_table', { table: 'nowhere.crate_of' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
}
