import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { KeyAndCertificate } from '@automate/testing';
import type { Program } from '@automate/tooling/start-program';
import { startProgram } from '@automate/tooling/start-program';
import pg from 'pg';

const PASSWORD = 'correct horse';

/** The folder of a PostgreSQL server's programs, the newest one, or undefined. */
export function findPostgres(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

export interface PostgresServer extends Pick<Program, 'port' | 'restart' | 'close'> {
  readonly url: string;
  /** Where its Unix socket is, if it has one. */
  readonly socketFolder: string;
  /** Runs statements as the superuser `postgres`, and gives the rows of the last one. */
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** Ends the process at once, with every session, and waits for it: in good order, or as a crash does (SIGQUIT). */
  stop(signal?: 'SIGINT' | 'SIGQUIT'): Promise<void>;
}

export interface PostgresOptions {
  /** Turns TLS on; with `ca` a client needs a certificate of it. */
  readonly tls?: KeyAndCertificate;
  /** Listens on a Unix socket as well. */
  readonly socket?: boolean;
  readonly settings?: Readonly<Record<string, string | number>>;
  /** The port of a server of ours whose data it copies, and whose changes it follows. */
  readonly standbyOf?: number;
}

/** A PostgreSQL of its own in a temporary folder, whose superuser `postgres` has the password `correct horse`. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const bin = findPostgres() ?? '';
  const { standbyOf, tls } = options;
  const server = await startProgram({
    command: join(bin, 'postgres'),
    refusesRoot: true,
    async setUp(place) {
      const data = join(place.folder, 'data');
      await (standbyOf === undefined
        ? place.run(join(bin, 'initdb'), [
            ...['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', place.write('password', PASSWORD)],
            ...['-E', 'UTF8', '--locale=C', '--no-sync'],
          ])
        : place.run(
            join(bin, 'pg_basebackup'),
            [
              ...['-D', data, '-h', '127.0.0.1', '-p', `${standbyOf}`, '-U', 'postgres'],
              ...['--write-recovery-conf', '--checkpoint=fast', '--no-sync'],
            ],
            { ...process.env, PGPASSWORD: PASSWORD },
          ));
      if (tls !== undefined) {
        place.write('data/server.crt', tls.cert);
        place.write('data/server.key', tls.key);
      }
      const settings = {
        listen_addresses: '127.0.0.1',
        port: place.port,
        unix_socket_directories: options.socket === true ? place.folder : '',
        fsync: 'off',
        ssl: tls === undefined ? 'off' : 'on',
        ...options.settings,
      };
      return ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
    },
    async isReady({ port }) {
      await runSql(port, 'SELECT 1');
      return true;
    },
  });
  const { port, folder, restart } = server;
  const stop = (signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> => server.stop(signal);
  return {
    url: `postgresql://127.0.0.1:${port}`,
    port,
    socketFolder: folder,
    sql: (text) => runSql(port, text),
    stop,
    restart,
    async close() {
      // Killed, it would leave its shared memory behind.
      await stop();
      await server.close();
    },
  };
}

/** The rows of the last one of some statements that the superuser runs. */
export async function runSql(port: number, text: string, database = 'postgres'): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password: PASSWORD,
    database,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const results: unknown = await client.query(text);
    const last = (Array.isArray(results) ? results.at(-1) : results) as { rows: Record<string, unknown>[] };
    return last.rows;
  } finally {
    await client.end();
  }
}
