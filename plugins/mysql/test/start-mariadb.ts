import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyAndCertificate } from '@automate/testing';
import { isOnPath } from '@automate/tooling/require-service';
import type { Program } from '@automate/tooling/start-program';
import { startProgram } from '@automate/tooling/start-program';
import mysql from 'mysql2/promise';

export const mariadb = {
  name: 'mariadb',
  available: () => isOnPath('mariadb-install-db') && server() !== undefined,
  remedy: 'apt-get install --no-install-recommends mariadb-server',
};

/** Debian has it outside of what users have on their PATH. */
function server(): string | undefined {
  if (existsSync('/usr/sbin/mariadbd')) return '/usr/sbin/mariadbd';
  return isOnPath('mariadbd') ? 'mariadbd' : undefined;
}

export interface MariadbServer extends Pick<Program, 'stop' | 'restart' | 'close'> {
  readonly url: string;
  /** The path of its Unix socket. */
  readonly socket: string;
  /** Runs statements as `boss`, who may do everything, and gives the rows of the last one. */
  sql(...statements: string[]): Promise<Record<string, unknown>[]>;
}

export interface MariadbOptions {
  readonly tls?: KeyAndCertificate;
  /** Further arguments of the server: `--autocommit=0`. */
  readonly args?: readonly string[];
  /** The zone of the machine that it believes to run on. */
  readonly zone?: string;
}

/** A MariaDB of its own with a database `shop`, whose user `boss` has the password `correct horse`. */
export async function startMariadb(options: MariadbOptions = {}): Promise<MariadbServer> {
  const setup = [
    "CREATE USER IF NOT EXISTS 'boss'@'%' IDENTIFIED BY 'correct horse';",
    "GRANT ALL PRIVILEGES ON *.* TO 'boss'@'%' WITH GRANT OPTION;",
    'CREATE DATABASE IF NOT EXISTS shop;',
  ];
  const { tls } = options;
  const { folder, port, stop, restart, close } = await startProgram({
    command: server() ?? '',
    refusesRoot: true,
    env: { ...process.env, TZ: options.zone ?? 'UTC' },
    async setUp(place) {
      const data = [`--datadir=${join(place.folder, 'data')}`, `--tmpdir=${place.folder}`];
      const install = ['--no-defaults', ...data, '--auth-root-authentication-method=normal', '--skip-test-db'];
      await place.run('mariadb-install-db', install);
      const encrypted = tls && [
        `--ssl-cert=${place.write('cert.pem', tls.cert)}`,
        `--ssl-key=${place.write('key.pem', tls.key)}`,
      ];
      return [
        '--no-defaults',
        ...data,
        `--port=${place.port}`,
        '--bind-address=127.0.0.1',
        '--skip-name-resolve',
        '--character-set-server=utf8mb4',
        `--socket=${join(place.folder, 'socket')}`,
        `--pid-file=${join(place.folder, 'pid')}`,
        `--init-file=${place.write('setup.sql', setup.join('\n'))}`,
        '--innodb-flush-log-at-trx-commit=0',
        '--innodb-buffer-pool-size=8M',
        ...(encrypted ?? []),
        ...(options.args ?? []),
      ];
    },
    async isReady(place) {
      await runSql(place.port, ['SELECT 1']);
      return true;
    },
  });
  return {
    url: `mysql://127.0.0.1:${port}`,
    socket: join(folder, 'socket'),
    sql: (...statements) => runSql(port, statements),
    stop,
    restart,
    close,
  };
}

async function runSql(port: number, statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const login = { host: '127.0.0.1', port, user: 'boss', password: 'correct horse', database: 'shop' };
  const connection = await mysql.createConnection(login);
  connection.on('error', () => undefined);
  try {
    let rows: unknown = [];
    for (const statement of statements) [rows] = await connection.query(statement);
    return rows as Record<string, unknown>[];
  } finally {
    connection.destroy();
  }
}
