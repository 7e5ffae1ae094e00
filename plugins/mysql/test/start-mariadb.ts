import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { KeyAndCertificate } from '@automate/testing';
import { closedPort } from '@automate/testing';
import { isOnPath } from '@automate/tooling/require-service';
import mysql from 'mysql2/promise';

/** `nobody`: MariaDB does not like to run as root. */
const NOBODY = 65_534;

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

export interface MariadbServer {
  readonly url: string;
  /** The path of its Unix socket. */
  readonly socket: string;
  /** Runs statements as `boss`, who may do everything, and gives the rows of the last one. */
  sql(...statements: string[]): Promise<Record<string, unknown>[]>;
  /** Ends the process, in the middle of what it does with SIGKILL, and waits for it. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Stops it and removes its data. */
  close(): Promise<void>;
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
  const folder = mkdtempSync(join(tmpdir(), 'mariadb-'));
  const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const own = (path: string): string => {
    if ('uid' in identity) chownSync(path, NOBODY, NOBODY);
    return path;
  };
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return own(join(folder, name));
  };
  own(folder);
  const data = join(folder, 'data');
  const install = [`--no-defaults`, `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'];
  // Nothing else of the test may stand still meanwhile.
  await promisify(execFile)('mariadb-install-db', install, { cwd: folder, ...identity });
  const port = await closedPort();
  const setup = [
    "CREATE USER IF NOT EXISTS 'boss'@'%' IDENTIFIED BY 'correct horse';",
    "GRANT ALL PRIVILEGES ON *.* TO 'boss'@'%' WITH GRANT OPTION;",
    'CREATE DATABASE IF NOT EXISTS shop;',
  ];
  const { tls } = options;
  const encrypted = tls && [`--ssl-cert=${file('cert.pem', tls.cert)}`, `--ssl-key=${file('key.pem', tls.key)}`];
  const args = [
    '--no-defaults',
    `--datadir=${data}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    '--character-set-server=utf8mb4',
    `--socket=${join(folder, 'socket')}`,
    `--pid-file=${join(folder, 'pid')}`,
    `--init-file=${file('setup.sql', setup.join('\n'))}`,
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-buffer-pool-size=8M',
    ...(encrypted ?? []),
    ...(options.args ?? []),
  ];
  const env = { ...process.env, TZ: options.zone ?? 'UTC' };
  const sql = async (...statements: string[]): Promise<Record<string, unknown>[]> => {
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
  };
  let stop = async (_signal?: 'SIGTERM' | 'SIGKILL'): Promise<void> => {};
  const start = async (): Promise<void> => {
    const child = spawn(server() ?? '', args, { cwd: folder, env, stdio: 'ignore', ...identity });
    const ended = once(child, 'exit');
    stop = async (signal = 'SIGTERM') => {
      child.kill(signal);
      await ended;
    };
    for (let attempt = 0; attempt < 400; attempt += 1) {
      if (child.exitCode !== null) throw new Error(`mariadbd ended with code ${child.exitCode}`);
      if (
        await sql('SELECT 1').then(
          () => true,
          () => false,
        )
      )
        return;
      await sleep(50);
    }
    throw new Error('mariadbd did not become ready in 20 seconds');
  };
  await start();
  return {
    url: `mysql://127.0.0.1:${port}`,
    socket: join(folder, 'socket'),
    sql,
    stop: (signal) => stop(signal),
    restart: start,
    async close() {
      await stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
