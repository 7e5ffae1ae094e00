import { describeWith } from '@automate/tooling/require-service';
import type { JsonValue } from '@automate/sdk';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createWorkshop, postgres } from './open-postgres.ts';
import type { PostgresServer } from './start-postgres.ts';

describeWith(postgres, 'values of a real PostgreSQL', () => {
  const workshop = createWorkshop();
  let server: PostgresServer;
  let connector: Awaited<ReturnType<typeof workshop.connect>>;

  beforeAll(async () => {
    server = await workshop.start();
    // Everything that changes how values are written, as far from the usual as it goes.
    await server.sql(`
      CREATE TYPE mood AS ENUM ('sad', 'so "so"', 'glad');
      CREATE DOMAIN document AS jsonb;
      CREATE TABLE kept (id int PRIMARY KEY, doc jsonb, plain json, moods mood[], spans int4range[], docs jsonb[],
        texts text[], grid int[], blobs bytea[], amounts numeric[], days date[], moments timestamptz[], custom document,
        documents document[], clock timetz, blob bytea, ratio float8, ratios float8[], moment timestamptz, local timestamp, span interval);
      ALTER ROLE postgres SET DateStyle = 'German';
      ALTER ROLE postgres SET IntervalStyle = 'postgres_verbose';
      ALTER ROLE postgres SET bytea_output = 'escape';
      ALTER ROLE postgres SET extra_float_digits = -10;
      ALTER ROLE postgres SET standard_conforming_strings = off;
      ALTER ROLE postgres SET array_nulls = off;
      ALTER ROLE postgres SET client_encoding = 'LATIN1';
      ALTER ROLE postgres SET TimeZone = 'Europe/Berlin'`);
    connector = await workshop.connect(server.port);
  });
  afterAll(() => workshop.close());

  let id = 0;
  /** Writes a value into a column; gives what the connector reads there, and what the server itself calls it. */
  async function keep(column: string, value: JsonValue): Promise<{ read: unknown; written: unknown }> {
    id += 1;
    await connector.call('execute', { sql: `INSERT INTO kept (id, ${column}) VALUES ($1, $2)`, params: [id, value] });
    const [seen] = await server.sql(
      `SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET bytea_output = 'hex'; SET extra_float_digits = 1; SET IntervalStyle = 'iso_8601';
       SELECT ${column}::text AS written FROM kept WHERE id = ${id}`,
    );
    const { rows } = await connector.call('query', {
      sql: `SELECT ${column} AS read FROM kept WHERE id = $1`,
      params: [id],
    });
    return { read: (rows as { read: unknown }[])[0]?.read, written: seen?.['written'] };
  }

  it.each<[column: string, value: JsonValue, written: string, read?: JsonValue]>([
    ['doc', [], '[]'],
    ['ratio', -0, '-0', 0],
    ['moment', '1800-01-01T00:00:00.25Z', '1800-01-01 00:00:00.25+00', '1800-01-01T00:00:00.25Z'],
    ['doc', [1, { a: [] }], '[1, {"a": []}]'],
    ['doc', { a: { b: null } }, '{"a": {"b": null}}'],
    ['doc', { json: 'text' }, '"text"', 'text'],
    ['doc', { json: { json: 1 } }, '{"json": 1}', { json: 1 }],
    ['doc', true, 'true'],
    ['doc', '{"n": 12345678901234567890.25}', '{"n": 12345678901234567890.25}', { n: '12345678901234567890.25' }],
    ['plain', [[]], '[[]]'],
    ['custom', { a: 1 }, '{"a": 1}'],
    ['moods', ['glad', 'so "so"', null], '{glad,"so \\"so\\"",NULL}'],
    ['documents', [{ a: 1 }, []], '{"{\\"a\\": 1}",[]}'],
    ['clock', '10:00:00+02:00', '10:00:00+02'],
    ['moods', [], '{}'],
    ['spans', ['[1,5)', 'empty'], '{"[1,5)",empty}'],
    ['docs', [{ a: [1] }, []], '{"{\\"a\\": [1]}",[]}'],
    ['texts', ['a,b', '{', '', 'NULL', null, '\\'], '{"a,b","{","","NULL",NULL,"\\\\"}'],
    ['texts', ['ä€𝄞'], '{ä€𝄞}'],
    [
      'grid',
      [
        [1, 2],
        [3, 4],
      ],
      '{{1,2},{3,4}}',
    ],
    ['blobs', [{ base64: 'AP8=' }], '{"\\\\x00ff"}'],
    ['amounts', ['1.10', 2], '{1.10,2}', ['1.10', '2']],
    ['days', ['2024-02-29'], '{2024-02-29}'],
    ['moments', ['2024-06-01T10:00:00Z'], '{"2024-06-01 10:00:00+00"}', ['2024-06-01T12:00:00+02:00']],
    ['blob', { base64: 'AFz/' }, '\\x005cff'],
    ['ratio', 0.1234567890123456, '0.1234567890123456'],
    ['ratios', [0.1234567890123456, 'NaN'], '{0.1234567890123456,NaN}'],
    ['moment', '2024-01-01T10:00:00.5Z', '2024-01-01 10:00:00.5+00', '2024-01-01T11:00:00.5+01:00'],
    ['moment', 'infinity', 'infinity'],
    ['local', '2024-01-01T10:00:00', '2024-01-01 10:00:00'],
    ['span', 'P1DT2H', 'P1DT2H'],
  ])('are kept: %s %j', async (column, value, written, read = value) => {
    await expect(keep(column, value)).resolves.toStrictEqual({ read, written });
  });

  it.each<[type: string, value: JsonValue, message: string]>([
    ['int', { a: 1 }, 'params[0]: expected a value of type int4, received an object'],
    ['int', [1], 'params[0]: expected a value of type int4, received a list'],
    ['int', { base64: 'AAAAAQ==' }, 'params[0]: expected a value of type int4, received bytes'],
    ['jsonb', { base64: 'AAAAAQ==' }, 'params[0]: expected a value of type jsonb, received bytes'],
    ['bytea[]', [[{ base64: 'no bytes!' }]], 'params[0][0][0]: expected null, a boolean'],
    ['int8[]', [{ integer: 'x' }], 'params[0][0]: expected null, a boolean'],
    ['mood[]', [['glad'], { a: 1 }], 'params[0][1]: expected a value of type mood, received an object'],
  ])('are refused by name: %s %j', async (type, value, message) => {
    const failure = { code: 'INVALID_INPUT', effect: 'none', message: expect.stringContaining(message) };
    await expect(connector.call('execute', { sql: `SELECT $1::${type}`, params: [value] })).rejects.toMatchObject(
      failure,
    );
  });

  it('are told to be no text where they are none', async () => {
    for (const text of ['a\0b', 'half \ud83d'])
      for (const [sql, ...params] of [
        ['SELECT $1::text', text],
        ['SELECT $1::text[]', [text]],
        [`SELECT '${text}'`],
      ] as const)
        await expect(connector.call('query', { sql, params: params as JsonValue[] })).rejects.toMatchObject({
          code: 'INVALID_INPUT',
        });
  });

  it('of arrays that do not begin at one keep their bounds, as texts that can be written back', async () => {
    const sql = "SELECT '[0:1]={1,2}'::int[] AS a, '1 2'::int2vector AS b, '{(2,2),(1,1);(4,4),(3,3)}'::box[] AS c";
    await expect(connector.call('query', { sql })).resolves.toMatchObject({
      rows: [{ a: '[0:1]={1,2}', b: '1 2', c: '{(2,2),(1,1);(4,4),(3,3)}' }],
    });
    await expect(keep('grid', '[0:1]={1,2}')).resolves.toStrictEqual({ read: '[0:1]={1,2}', written: '[0:1]={1,2}' });
  });

  it('name their types, those of users too', async () => {
    const { columns } = await connector.call('query', {
      sql: 'SELECT moods, moods[1] AS mood, spans, custom, moment FROM kept',
    });
    expect(columns).toStrictEqual([
      { name: 'moods', type: '_mood', category: 'array' },
      { name: 'mood', type: 'mood', category: 'other' },
      { name: 'spans', type: '_int4range', category: 'array' },
      { name: 'custom', type: 'jsonb', category: 'json' },
      { name: 'moment', type: 'timestamptz', category: 'timestamp' },
    ]);
  });

  it('are of the zone of the server, or of the one that is set', async () => {
    const sql =
      "SELECT now()::timestamp = now() AT TIME ZONE 'Europe/Berlin' AS same, date_trunc('day', TIMESTAMPTZ '2024-06-01 23:00Z') AS day";
    await expect(connector.call('query', { sql })).resolves.toMatchObject({
      rows: [{ same: true, day: '2024-06-02T00:00:00+02:00' }],
    });
    const utc = await workshop.connect(server.port, { time_zone: 'UTC' });
    for (const action of ['query', 'execute'])
      await expect(utc.call(action, { sql })).resolves.toMatchObject({ rows: [{ day: '2024-06-01T00:00:00Z' }] });
    const nowhere = await workshop.connect(server.port, { time_zone: 'Nowhere/Land' });
    await expect(nowhere.call('query', { sql })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('settings.time_zone'),
    });
  });

  it('keep their digits within JSON', async () => {
    const sql = `SELECT '{"a": 9007199254740993, "b": [0.1, 1e400, 12.50], "c": 123456789.123456789123, "d": 1.0}'::json AS doc`;
    await expect(connector.call('query', { sql })).resolves.toMatchObject({
      rows: [{ doc: { a: '9007199254740993', b: [0.1, '1e400', 12.5], c: '123456789.123456789123', d: 1 } }],
    });
  });
});
