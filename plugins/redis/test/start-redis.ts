import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyAndCertificate } from '@automate/testing';
import { closedPort } from '@automate/testing';
import { isOnPath } from '@automate/tooling/require-service';

/** For `describeWith`. */
export const redis = {
  name: 'redis',
  available: () => isOnPath('redis-server'),
  remedy: 'apt-get install --no-install-recommends redis-server',
};

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** What redis-cli, another program on a connection of its own, says to a command. */
  cli(...args: readonly string[]): string;
  /** Ends the process, in the middle of what it does with SIGKILL, and waits for it. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Stops it and removes its data. */
  close(): Promise<void>;
}

export interface RedisOptions {
  /** Of the user `default`. */
  readonly password?: string;
  /** Speaks TLS only. */
  readonly tls?: KeyAndCertificate & { readonly ca: string };
  readonly settings?: readonly string[];
  /** User and password for `cli`. Default: none. */
  readonly admin?: readonly [string, string];
}

/** A Redis of its own, on a free port and a temporary folder. It keeps its data over a restart. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'redis-'));
  const port = await closedPort();
  const { password, tls, settings = [], admin } = options;
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const encrypted = tls && [
    'port 0',
    `tls-port ${port}`,
    `tls-cert-file ${file('cert.pem', tls.cert)}`,
    `tls-key-file ${file('key.pem', tls.key)}`,
    `tls-ca-cert-file ${file('ca.pem', tls.ca)}`,
    'tls-auth-clients no',
  ];
  const lines = [
    'bind 127.0.0.1',
    `dir ${folder}`,
    'appendonly yes',
    // A killed server must not have lost what it has answered.
    'appendfsync always',
    'enable-debug-command local',
    ...(encrypted ?? [`port ${port}`]),
    ...(password === undefined ? [] : [`requirepass ${password}`]),
    ...settings,
  ];
  const login = admin === undefined ? [] : ['--user', admin[0], '--pass', admin[1]];
  const config = file('redis.conf', lines.join('\n'));
  let stop = async (_signal?: 'SIGTERM' | 'SIGKILL'): Promise<void> => {};
  const start = async (): Promise<void> => {
    const child = spawn('redis-server', [config], { cwd: folder, stdio: 'ignore' });
    const ended = once(child, 'exit');
    stop = async (signal = 'SIGTERM') => {
      child.kill(signal);
      await ended;
    };
    for (let attempt = 0; attempt < 200; attempt += 1) {
      if (child.exitCode !== null) throw new Error(`redis-server ended with code ${child.exitCode}`);
      if ((await listens(port)) && (tls !== undefined || !isLoading(port))) return;
      await sleep(50);
    }
    throw new Error('redis-server did not listen within 10 seconds');
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    cli: (...args) =>
      execFileSync('redis-cli', ['-p', String(port), '--no-auth-warning', ...login, ...args], {
        encoding: 'utf8',
        maxBuffer: 2 ** 26,
      }).trimEnd(),
    stop: (signal) => stop(signal),
    restart: start,
    async close() {
      // One that is writing its first file as a replica does not heed a SIGTERM.
      await stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** It listens before it has read its file. */
function isLoading(port: number): boolean {
  const { stdout } = spawnSync('redis-cli', ['-p', String(port), 'PING'], { encoding: 'utf8' });
  return stdout.startsWith('LOADING');
}
