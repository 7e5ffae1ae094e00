import { describeWith } from '@automate/tooling/require-service';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mariadb } from './start-mariadb.ts';
import type { Shop } from './start-shop.ts';
import { startShop } from './start-shop.ts';

describeWith(mariadb, 'the catalogue of a real MariaDB', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop({ setup: ['CREATE TABLE item (id bigint AUTO_INCREMENT PRIMARY KEY)'] });
  });
  afterAll(() => shop?.close());

  it('lists tables in pages', async () => {
    await shop.server.sql(
      'CREATE DATABASE other',
      'CREATE TABLE other.a (x int)',
      'CREATE VIEW other.b AS SELECT 1',
      'CREATE TABLE other.c (x int)',
    );
    const first = await shop.call('list_tables', { schema: 'other', limit: 2 });
    expect(first['tables']).toStrictEqual([
      { schema: 'other', name: 'a', type: 'table' },
      { schema: 'other', name: 'b', type: 'view' },
    ]);
    await expect(
      shop.call('list_tables', { schema: 'other', limit: 2, cursor: first['next_cursor'] ?? '' }),
    ).resolves.toStrictEqual({ tables: [{ schema: 'other', name: 'c', type: 'table' }] });
    const all = await shop.call('list_tables', {});
    expect(all['tables']).toEqual(expect.arrayContaining([{ schema: 'shop', name: 'item', type: 'table' }]));
    await expect(shop.call('list_tables', { cursor: 'x' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('describes a table', async () => {
    await shop.server
      .sql(`CREATE TABLE pet (name varchar(20) PRIMARY KEY, born date DEFAULT '2020-01-01' COMMENT 'its birthday', item_id bigint,
      loud varchar(20) AS (upper(name)) STORED, KEY pet_born (born, name), CONSTRAINT pet_item FOREIGN KEY (item_id) REFERENCES item (id))`);
    const plain = { nullable: true, primary_key: false, generated: false };
    await expect(shop.call('describe_table', { table: 'pet' })).resolves.toStrictEqual({
      schema: 'shop',
      table: 'pet',
      type: 'table',
      columns: [
        { name: 'name', type: 'varchar(20)', nullable: false, primary_key: true, generated: false },
        { name: 'born', type: 'date', ...plain, default: "'2020-01-01'", comment: 'its birthday' },
        { name: 'item_id', type: 'bigint(20)', ...plain },
        { name: 'loud', type: 'varchar(20)', ...plain, generated: true },
      ],
      indexes: [
        { name: 'PRIMARY', unique: true, columns: ['name'] },
        { name: 'pet_born', unique: false, columns: ['born', 'name'] },
        { name: 'pet_item', unique: false, columns: ['item_id'] },
      ],
      foreign_keys: [{ name: 'pet_item', columns: ['item_id'], schema: 'shop', table: 'item', references: ['id'] }],
    });
    await expect(shop.call('describe_table', { table: 'nowhere' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(shop.call('describe_table', { table: 'pet', schema: 'other' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('tells what a table is made of', async () => {
    await shop.server.sql(
      `CREATE TABLE made (id int AUTO_INCREMENT PRIMARY KEY, state enum('new', 'it''s old', 'a\\\\b') NOT NULL DEFAULT 'new', total int, twice int AS (total * 2) VIRTUAL,
        CONSTRAINT positive CHECK (total > 0))`,
      'CREATE TABLE spread (day date NOT NULL) PARTITION BY RANGE (year(day)) (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN MAXVALUE)',
      'CREATE TABLE `with.dot` (a int)',
    );
    const reader = await shop.connectWith({});
    await expect(reader.call('describe_table', { table: 'shop.made' })).resolves.toMatchObject({
      schema: 'shop',
      table: 'made',
      type: 'table',
      columns: [
        { name: 'id', identity: 'auto_increment', primary_key: true },
        { name: 'state', values: ['new', "it's old", 'a\\b'], nullable: false, default: "'new'" },
        { name: 'total', generated: false },
        { name: 'twice', generated: true },
      ],
      checks: [{ name: 'positive', expression: '`total` > 0' }],
    });
    await expect(reader.call('describe_table', { table: 'spread', schema: 'shop' })).resolves.toMatchObject({
      partition_key: 'RANGE (year(`day`))',
    });
    await expect(reader.call('describe_table', { table: 'with.dot', schema: 'shop' })).resolves.toMatchObject({
      table: 'with.dot',
    });
  });
});
