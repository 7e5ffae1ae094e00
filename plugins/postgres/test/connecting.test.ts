import { describeWith } from '@automate/tooling/require-service';
import type { JsonObject } from '@automate/sdk';
import type { TestConfig } from '@automate/testing';
import { startConnector } from '@automate/testing';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import PostgresAdapter from '../src/postgres-adapter.ts';
import { createWorkshop, postgres } from './open-postgres.ts';
import type { PostgresServer } from './start-postgres.ts';

const PASSWORD = 'p@ss:w/o?rd #%${X} "ä\'';

describeWith(postgres, 'the way to a real PostgreSQL', () => {
  const workshop = createWorkshop();
  let server: PostgresServer;
  let port: number;

  beforeAll(async () => {
    server = await workshop.start({ settings: { listen_addresses: '127.0.0.1,::1' }, socket: true });
    port = server.port;
    await server.sql(`CREATE ROLE "odd user" LOGIN PASSWORD '${PASSWORD.replaceAll("'", "''")}'`);
    await server.sql('CREATE DATABASE "odd base"');
  });
  afterAll(() => workshop.close());

  async function whoAmI(settings: JsonObject, config: TestConfig = {}): Promise<unknown> {
    const connector = workshop.use(await startConnector(PostgresAdapter, { settings, config }));
    const sql = 'SELECT current_user AS name, current_database() AS base, host(inet_server_addr()) AS at';
    const { rows } = await connector.call('query', { sql });
    return (rows as unknown[])[0];
  }
  const auth = { type: 'basic' as const, username: 'odd user', password: PASSWORD };
  const odd = `${encodeURIComponent('odd user')}:${encodeURIComponent(PASSWORD)}`;

  it('takes a password of any characters, and addresses of both kinds', async () => {
    const there = { name: 'odd user', base: 'odd base' };
    const settings = { database: 'odd base' };
    await expect(whoAmI(settings, { host: '127.0.0.1', port, auth })).resolves.toStrictEqual({
      ...there,
      at: '127.0.0.1',
    });
    await expect(whoAmI(settings, { host: '[::1]', port, auth })).resolves.toStrictEqual({ ...there, at: '::1' });
    await expect(whoAmI(settings, { host: '::1', port, auth })).resolves.toStrictEqual({ ...there, at: '::1' });
  });

  it('takes a socket, or the directory that it is in', async () => {
    const folder = server.socketFolder;
    const there = { name: 'odd user', base: 'postgres', at: null };
    await expect(whoAmI({ socket: folder }, { port, auth })).resolves.toStrictEqual(there);
    await expect(whoAmI({ socket: `${folder}/.s.PGSQL.${port}` }, { auth })).resolves.toStrictEqual(there);
  });

  it('takes a connection URI', async () => {
    const there = { name: 'odd user', base: 'odd base' };
    await expect(whoAmI({ uri: `postgresql://${odd}@127.0.0.1:${port}/odd%20base` })).resolves.toMatchObject(there);
    await expect(whoAmI({ uri: `postgres://${odd}@[::1]:${port}/odd%20base?sslmode=disable` })).resolves.toMatchObject(
      there,
    );
    const folder = encodeURIComponent(server.socketFolder);
    await expect(whoAmI({ uri: `postgresql://${odd}@:${port}/odd%20base?host=${folder}` })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    await expect(
      whoAmI({ uri: `postgresql:///odd%20base?host=${folder}&user=odd%20user&password=x` }, { port }),
    ).rejects.toMatchObject({
      code: 'AUTH_FAILED',
    });
    await expect(whoAmI({ uri: `postgresql://${odd}@${folder}:${port}/odd%20base` })).resolves.toMatchObject(there);
  });

  it.each<JsonObject>([{}, { uri: 'postgresql:///postgres' }, { uri: 'postgresql:///postgres?host=&user=' }])(
    'names what it speaks to where no host is given: %p',
    async (settings) => {
      await expect(whoAmI(settings, { port })).rejects.toMatchObject({
        code: 'AUTH_FAILED',
        message: expect.stringContaining(`localhost:${port} asks for a password`),
      });
    },
  );

  it.each([
    ['another scheme', 'http://a:secret@b/c'],
    ['no URI', 'host=a password=secret'],
    ['a parameter that means nothing here', 'postgresql://a:secret@b/c?target_session_attrs=any'],
    ['a mode that means nothing here', 'postgresql://a:secret@b/c?sslmode=prefer'],
    ['a broken code', 'postgresql://a:secret%@b/c'],
  ])('refuses a URI with %s, without showing it', async (_title, uri) => {
    const failure = await whoAmI({ uri }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('settings.uri') });
    expect((failure as Error).message).not.toContain('secret');
  });

  it('refuses a URI beside a host, and one without TLS beside tls', async () => {
    const failure = { code: 'CONFIG_INVALID', details: { reason: 'uri' } };
    await expect(whoAmI({ uri: 'postgresql://a@b/c' }, { host: 'd' })).rejects.toMatchObject(failure);
    await expect(whoAmI({ uri: 'postgresql://a@b/c?sslmode=disable' }, { tls: {} })).rejects.toMatchObject(failure);
  });
});
