import { execFileSync } from 'node:child_process';
import type { KeyAndCertificate } from '@automate/testing';
import { isOnPath } from '@automate/tooling/require-service';
import type { Program } from '@automate/tooling/start-program';
import { listens, startProgram } from '@automate/tooling/start-program';

/** For `describeWith`. */
export const redis = {
  name: 'redis',
  available: () => isOnPath('redis-server'),
  remedy: 'apt-get install --no-install-recommends redis-server',
};

export interface RedisServer extends Pick<Program, 'port' | 'stop' | 'restart' | 'close'> {
  readonly url: string;
  /** Lets it stand still, or go on. */
  kill(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** What redis-cli, another program on a connection of its own, says to a command. */
  cli(...args: readonly string[]): string;
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
  const { password, tls, settings = [], admin } = options;
  const program = await startProgram({
    command: 'redis-server',
    setUp(place) {
      const encrypted = tls && [
        'port 0',
        `tls-port ${place.port}`,
        `tls-cert-file ${place.write('cert.pem', tls.cert)}`,
        `tls-key-file ${place.write('key.pem', tls.key)}`,
        `tls-ca-cert-file ${place.write('ca.pem', tls.ca)}`,
        'tls-auth-clients no',
      ];
      const lines = [
        'bind 127.0.0.1',
        `dir ${place.folder}`,
        'appendonly yes',
        // A killed server must not have lost what it has answered.
        'appendfsync always',
        'enable-debug-command local',
        ...(encrypted ?? [`port ${place.port}`]),
        ...(password === undefined ? [] : [`requirepass ${password}`]),
        ...settings,
      ];
      return [place.write('redis.conf', lines.join('\n'))];
    },
    // It listens before it has read its file.
    isReady: async (trial) => trial.output.stdout.includes('Ready to accept connections') && (await listens(trial)),
  });
  const { port, stop, restart, close } = program;
  const login = admin === undefined ? [] : ['--user', admin[0], '--pass', admin[1]];
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill: (signal) => void program.child.kill(signal),
    cli: (...args) =>
      execFileSync('redis-cli', ['-p', String(port), '--no-auth-warning', ...login, ...args], {
        encoding: 'utf8',
        maxBuffer: 2 ** 26,
      }).trimEnd(),
    stop,
    restart,
    close,
  };
}
