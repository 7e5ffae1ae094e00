import { describeWith } from '@automate/tooling/require-service';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mariadb } from './start-mariadb.ts';
import type { Shop } from './start-shop.ts';
import { startShop } from './start-shop.ts';

describeWith(mariadb, 'a MariaDB on a machine in Berlin', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop({
      zone: 'Europe/Berlin',
      setup: [
        `CREATE TABLE moment (id int PRIMARY KEY, moment timestamp(3) NULL, local datetime(3) DEFAULT CURRENT_TIMESTAMP, text varchar(40))`,
        'CREATE TABLE old (moment timestamp(3) NULL, text varchar(40)) ENGINE = MyISAM',
      ],
    });
  });
  afterAll(() => shop?.close());

  it('fills in local times as every other client sees them', async () => {
    await shop.execute('INSERT INTO moment (id) VALUES (1)');
    await expect(
      shop.server.sql('SELECT abs(timestampdiff(SECOND, local, now())) < 1800 AS same FROM moment WHERE id = 1'),
    ).resolves.toMatchObject([{ same: 1 }]);
    await expect(
      shop.query('SELECT abs(timestampdiff(SECOND, utc_timestamp(), now())) > 1800 AS local'),
    ).resolves.toMatchObject({ rows: [{ local: 1 }] });
  });

  it('gives moments in UTC, in summer and in winter', async () => {
    await shop.server.sql(
      "INSERT INTO moment (id, moment, local) VALUES (10, from_unixtime(1782900000.5), '2026-07-01 12:00:00')",
      "INSERT INTO moment (id, moment, local) VALUES (11, from_unixtime(1796000000), '2026-11-30 01:53:20')",
    );
    const { rows } = await shop.query('SELECT moment, local FROM moment WHERE id IN (10, 11) ORDER BY id');
    expect(rows).toStrictEqual([
      { moment: '2026-07-01T10:00:00.500Z', local: '2026-07-01T12:00:00' },
      { moment: '2026-11-30T00:53:20Z', local: '2026-11-30T01:53:20' },
    ]);
  });

  it('gives no zone to a moment of the hour that the clocks show twice, and to zero dates', async () => {
    await shop.server.sql("SET sql_mode = ''", 'CREATE TABLE zero (moment timestamp NULL, local datetime, day date)');
    await shop.server.sql(
      "SET sql_mode = ''",
      "INSERT INTO zero VALUES (from_unixtime(1792891800), NULL, NULL), ('0000-00-00', '0000-00-00', '0000-00-00')",
    );
    const { rows } = await shop.query('SELECT * FROM zero ORDER BY day');
    expect(rows).toStrictEqual([
      { moment: '2026-10-25T02:30:00', local: null, day: null },
      { moment: '0000-00-00T00:00:00', local: '0000-00-00T00:00:00', day: '0000-00-00' },
    ]);
  });

  it('takes a moment as it was read or with an offset, and leaves texts alone', async () => {
    const moment = '2026-07-01T10:00:00.500Z';
    await shop.execute('INSERT INTO moment (id, moment, text) VALUES (20, ?, ?), (21, ?, ?)', [
      '2026-07-01 12:00:00.500',
      'local',
      moment,
      moment,
    ]);
    await shop.execute("UPDATE moment SET moment = ? WHERE text = 'local' AND moment = ?", [
      '2026-07-01T15:30:00.5+05:30',
      moment,
    ]);
    await expect(
      shop.server.sql('SELECT unix_timestamp(moment) AS moment, text FROM moment WHERE id IN (20, 21) ORDER BY id'),
    ).resolves.toStrictEqual([
      { moment: '1782900000.500', text: 'local' },
      { moment: '1782900000.500', text: moment },
    ]);
    const { rows } = await shop.query('SELECT moment FROM moment WHERE moment = ? AND text = ?', [moment, moment]);
    expect(rows).toStrictEqual([{ moment }]);
  });

  it('takes many moments at once', async () => {
    const moments = Array.from({ length: 300 }, (_, at) => new Date(1782900000001 + at * 1000).toISOString());
    await shop.execute(
      `INSERT INTO moment (id, moment, text) VALUES ${moments.map(() => '(?, ?, ?)').join(', ')}`,
      moments.flatMap((moment, at) => [100 + at, moment, moment]),
    );
    const found = await shop.query('SELECT moment, text FROM moment WHERE id BETWEEN 100 AND 399 ORDER BY id');
    expect(found['rows']).toStrictEqual(moments.map((text) => ({ moment: text, text })));
  });

  it('writes no row twice where a table keeps what a statement did before it failed', async () => {
    await shop.execute('INSERT INTO old VALUES (?, ?)', ['2026-07-01T10:00:00.500Z', 'one']);
    await expect(
      shop.execute('INSERT INTO old VALUES (?, ?), (?, ?)', [
        '2026-07-01 12:00:00.500',
        'two',
        '2026-07-01T10:00:00.500Z',
        'three',
      ]),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT', effect: 'maybe' });
    await expect(
      shop.server.sql('SELECT unix_timestamp(moment) AS at, text FROM old ORDER BY text'),
    ).resolves.toMatchObject([
      { at: '1782900000.500', text: 'one' },
      { at: '1782900000.500', text: 'two' },
    ]);
  });

  it('takes a moment into local columns too', async () => {
    const moment = '2026-07-01T10:00:00.500Z';
    await shop.call('transaction', {
      statements: [
        { sql: "INSERT INTO moment (id, text) VALUES (30, 'before')" },
        { sql: 'INSERT INTO moment (id, moment, local, text) VALUES (31, ?, ?, ?)', params: [moment, moment, moment] },
      ],
    });
    const { rows } = await shop.query('SELECT moment, local, text FROM moment WHERE id = 31');
    expect(rows).toStrictEqual([{ moment, local: '2026-07-01T12:00:00.500', text: moment }]);
    await expect(shop.query('SELECT 1 FROM moment WHERE id = 30')).resolves.toMatchObject({ row_count: 1 });
  });

  it('refuses a moment of the hour that the clocks show twice, rather than store the other one', async () => {
    await expect(
      shop.execute('INSERT INTO moment (id, moment) VALUES (40, ?)', ['2026-10-25T01:30:00Z']),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT', effect: 'none' });
  });

  it('lets the operator choose the zone', async () => {
    const utc = await shop.connectWith({ database: 'shop', time_zone: 'UTC' });
    await expect(
      utc.call('query', { sql: 'SELECT abs(timestampdiff(SECOND, utc_timestamp(), now())) < 5 AS same' }),
    ).resolves.toMatchObject({ rows: [{ same: 1 }] });
    await expect(utc.call('query', { sql: 'SELECT moment FROM zero ORDER BY day' })).resolves.toMatchObject({
      rows: [{ moment: '2026-10-25T01:30:00Z' }, {}],
    });
    const nowhere = await shop.connectWith({ database: 'shop', time_zone: 'Middle/Earth' });
    await expect(nowhere.adapter.connect()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
