import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

/** A real PostgreSQL in this process, on a port of this machine, with the table that the connector needs. */
export async function startDatabase() {
  const database = await PGlite.create();
  await database.exec(
    'CREATE TABLE items (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE)',
  );
  const server = new PGLiteSocketServer({ db: database, host: '127.0.0.1', port: 0, maxConnections: 20 });
  await server.start();
  const port = Number(server.getServerConn().split(':').at(-1));
  return {
    config: {
      host: '127.0.0.1',
      port,
      auth: { type: 'basic' as const, username: 'postgres', password: 'a-password-for-tests' },
    },
    empty: () => database.exec('TRUNCATE items RESTART IDENTITY'),
    async close() {
      await server.stop();
      await database.close();
    },
  };
}
