import { startProgram } from '@automate/tooling/start-program';
import { runSql } from './start-postgres.ts';

export interface PgBouncer {
  readonly port: number;
  close(): Promise<void>;
}

export interface PgBouncerOptions {
  /** The port of the server behind it. */
  readonly server: number;
  /** Absent: what PgBouncer does by itself, which is `session`. */
  readonly mode?: 'session' | 'transaction';
  /** Connections to the server, at most. */
  readonly size: number;
}

/** A PgBouncer that lets in whomever the server knows by the password `correct horse`. */
export function startPgBouncer({ server, mode, size }: PgBouncerOptions): Promise<PgBouncer> {
  return startProgram({
    command: 'pgbouncer',
    refusesRoot: true,
    setUp(place) {
      const settings = [
        '[databases]',
        `postgres = host=127.0.0.1 port=${server}`,
        '[pgbouncer]',
        'listen_addr = 127.0.0.1',
        `listen_port = ${place.port}`,
        'unix_socket_dir =',
        'auth_type = scram-sha-256',
        `auth_file = ${place.write('users.txt', '"postgres" "correct horse"\n')}`,
        ...(mode === undefined ? [] : [`pool_mode = ${mode}`]),
        `default_pool_size = ${size}`,
        '',
      ];
      return [place.write('pgbouncer.ini', settings.join('\n'))];
    },
    async isReady({ port }) {
      await runSql(port, '');
      return true;
    },
  });
}
