import { setTimeout as sleep } from 'node:timers/promises';
import { describeWith } from '@automate/tooling/require-service';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { StartConnectorOptions } from '@automate/testing';
import { createWorkshop, postgres } from './open-postgres.ts';
import type { PostgresServer } from './start-postgres.ts';

describeWith(postgres, 'credentials for a real PostgreSQL', () => {
  const workshop = createWorkshop();
  let server: PostgresServer;

  const connect = (
    username = 'postgres',
    password = 'correct horse',
    { settings, ...options }: StartConnectorOptions = {},
  ) =>
    workshop.connect(server.port, settings, {
      ...options,
      config: { auth: { type: 'basic', username, password }, ...options.config },
    });

  beforeAll(async () => {
    server = await workshop.start();
    await server.sql(`
      CREATE TABLE item (id int8 PRIMARY KEY);
      CREATE ROLE reader LOGIN PASSWORD 'reads';
      CREATE ROLE guest LOGIN PASSWORD 'visits' CONNECTION LIMIT 1;
      GRANT SELECT ON item TO reader`);
  });
  afterAll(() => workshop.close());

  it('are those of each connector, side by side', async () => {
    const reader = await connect('reader', 'reads');
    const names = await Promise.all(
      [await connect(), reader].map((each) => each.call('query', { sql: 'SELECT current_user AS name' })),
    );
    expect(names.map(({ rows }) => rows)).toStrictEqual([[{ name: 'postgres' }], [{ name: 'reader' }]]);
    await expect(reader.call('execute', { sql: 'DELETE FROM item' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
      details: { reason: 'permission_denied' },
    });
  });

  it('are told to be wrong, missing or of a type that PostgreSQL does not know', async () => {
    const failure = { code: 'AUTH_FAILED', retryable: false };
    const wrong = await connect('postgres', 'wrong');
    await expect(wrong.call('query', { sql: 'SELECT 1' })).rejects.toMatchObject(failure);
    await expect(wrong.adapter.connect()).rejects.toMatchObject(failure);
    await expect(wrong.health()).resolves.toMatchObject({ status: 'unhealthy', details: { code: 'AUTH_FAILED' } });
    const none = await connect('postgres', '', { config: { auth: { type: 'none' } } });
    await expect(none.adapter.connect()).rejects.toMatchObject(failure);
    const bearer = await connect('postgres', '', { config: { auth: { type: 'bearer', token: 'x' } } });
    await expect(bearer.adapter.connect()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('may come from a profile', async () => {
    const profiled = await connect('', '', {
      config: { auth: { type: 'basic' } },
      secrets: { username: 'reader', password: 'reads' },
    });
    await expect(profiled.call('query', { sql: 'SELECT current_user AS name' })).resolves.toMatchObject({
      rows: [{ name: 'reader' }],
    });
  });

  it('do not help where there is no such database, or too many connections', async () => {
    const nowhere = await connect('postgres', 'correct horse', { settings: { database: 'nowhere' } });
    await expect(nowhere.adapter.connect()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const guest = await connect('guest', 'visits');
    const long = guest.call('query', { sql: 'SELECT pg_sleep(60)' });
    while ((await server.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).length === 0)
      await sleep(20);
    await expect(guest.call('query', { sql: 'SELECT 1' })).rejects.toMatchObject({
      code: 'OVERLOADED',
      effect: 'none',
      retryable: true,
    });
    const ended = expect(long).rejects.toMatchObject({ details: { reason: 'canceled_by_server' } });
    await server.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'guest'");
    await ended;
  });
});
