import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { closedPort } from '@automate/testing';
import pg from 'pg';

/** `nobody`: PgBouncer refuses to run as root. */
const NOBODY = 65_534;

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
export async function startPgBouncer({ server, mode, size }: PgBouncerOptions): Promise<PgBouncer> {
  const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'));
  const port = await closedPort();
  const users = join(folder, 'users.txt');
  const settings = join(folder, 'pgbouncer.ini');
  writeFileSync(users, '"postgres" "correct horse"\n');
  writeFileSync(
    settings,
    [
      '[databases]',
      `postgres = host=127.0.0.1 port=${server}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = scram-sha-256',
      `auth_file = ${users}`,
      ...(mode === undefined ? [] : [`pool_mode = ${mode}`]),
      `default_pool_size = ${size}`,
      '',
    ].join('\n'),
  );
  const asRoot = process.getuid?.() === 0;
  chmodSync(folder, 0o755);
  if (asRoot) for (const file of [folder, users, settings]) chownSync(file, NOBODY, NOBODY);
  const identity = asRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const child = spawn('pgbouncer', ['-q', settings], { stdio: 'ignore', ...identity });
  const ended = once(child, 'exit');
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const isUp = async (): Promise<boolean> => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      password: 'correct horse',
      database: 'postgres',
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return true;
    } catch {
      return false;
    } finally {
      await client.end();
    }
  };
  for (let attempt = 0; attempt < 200 && child.exitCode === null; attempt += 1) {
    if (await isUp()) return { port, close };
    await sleep(50);
  }
  await close();
  throw new Error('pgbouncer did not become ready in 10 seconds');
}
