import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { KeyAndCertificate } from '@automate/testing';
import { closedPort } from '@automate/testing';
import pg from 'pg';

/** `nobody`: PostgreSQL refuses to run as root. */
const NOBODY = 65_534;

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

export interface PostgresServer {
  readonly url: string;
  readonly port: number;
  /** Where its Unix socket is, if it has one. */
  readonly socketFolder: string;
  /** Runs statements as the superuser `postgres`, and gives the rows of the last one. */
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** Ends the process at once, with every session, and waits for it: in good order, or as a crash does (SIGQUIT). */
  stop(signal?: 'SIGINT' | 'SIGQUIT'): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Stops it and removes its data. */
  close(): Promise<void>;
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
  const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
  const asRoot = process.getuid?.() === 0;
  const identity = asRoot ? { uid: NOBODY, gid: NOBODY } : {};
  if (asRoot) chownSync(folder, NOBODY, NOBODY);
  const write = (name: string, text: string): void => {
    const file = join(folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    if (asRoot) chownSync(file, NOBODY, NOBODY);
  };
  chmodSync(folder, 0o700);
  write('password', 'correct horse');
  const data = join(folder, 'data');
  const run = async (program: string, args: readonly string[]): Promise<void> => {
    const env = { ...process.env, PGPASSWORD: 'correct horse' };
    // Nothing else of the test may stand still meanwhile.
    await promisify(execFile)(join(bin, program), args, { cwd: folder, env, ...identity });
  };
  const { standbyOf } = options;
  await (standbyOf === undefined
    ? run('initdb', [
        ...['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', join(folder, 'password')],
        ...['-E', 'UTF8', '--locale=C', '--no-sync'],
      ])
    : run('pg_basebackup', [
        ...['-D', data, '-h', '127.0.0.1', '-p', `${standbyOf}`, '-U', 'postgres'],
        ...['--write-recovery-conf', '--checkpoint=fast', '--no-sync'],
      ]));
  if (options.tls !== undefined) {
    write('data/server.crt', options.tls.cert);
    write('data/server.key', options.tls.key);
  }
  const port = await closedPort();
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: options.socket === true ? folder : '',
    fsync: 'off',
    ssl: options.tls === undefined ? 'off' : 'on',
    ...options.settings,
  };
  const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const sql = async (text: string): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      password: 'correct horse',
      database: 'postgres',
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
  };
  let stop = async (_signal?: 'SIGINT' | 'SIGQUIT'): Promise<void> => {};
  const start = async (): Promise<void> => {
    const child = spawn(join(bin, 'postgres'), args, { cwd: folder, stdio: 'ignore', ...identity });
    const ended = once(child, 'exit');
    stop = async (signal = 'SIGINT') => {
      child.kill(signal);
      await ended;
    };
    for (let attempt = 0; attempt < 200; attempt += 1) {
      if (child.exitCode !== null) throw new Error(`postgres ended with code ${child.exitCode}`);
      if (
        await sql('SELECT 1').then(
          () => true,
          () => false,
        )
      )
        return;
      await sleep(50);
    }
    throw new Error('postgres did not become ready in 10 seconds');
  };
  await start();
  return {
    url: `postgresql://127.0.0.1:${port}`,
    port,
    socketFolder: folder,
    sql,
    stop: (signal) => stop(signal),
    restart: start,
    async close() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
