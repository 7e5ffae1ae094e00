import { execFileSync } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listens, startProgram } from '@automate/tooling/start-program';

const PROGRAM = '/usr/sbin/squid';

export const squidService = {
  name: 'squid',
  available: () => {
    try {
      execFileSync(PROGRAM, ['-v'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  },
  remedy: 'apt-get install squid',
};

export interface Squid {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  /** What it did, a line per request. */
  log(): Promise<string>;
  close(): Promise<void>;
}

/**
 * A real proxy. It alone knows where `target.test` is (this machine), so that whoever reaches it went through the proxy.
 *
 * @param password of the user `ann`, who alone is let through; everyone is without one
 */
export async function startSquid(password?: string): Promise<Squid> {
  const hash =
    password === undefined
      ? ''
      : execFileSync('openssl', ['passwd', '-apr1', '-stdin'], { input: password }).toString();
  const squid = await startProgram({
    command: PROGRAM,
    // Started by root it would become another user.
    refusesRoot: true,
    setUp(place) {
      const rules =
        password === undefined
          ? 'http_access allow all'
          : `auth_param basic program /usr/lib/squid/basic_ncsa_auth ${place.write('passwords', `ann:${hash}`)}
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all`;
      const config = `http_port 127.0.0.1:${place.port}
hosts_file ${place.write('hosts', '127.0.0.1 target.test\n')}
pid_filename none
access_log stdio:${join(place.folder, 'access.log')}
cache_log stdio:/dev/stderr
cache deny all
cache_mem 8 MB
coredump_dir ${place.folder}
pinger_enable off
shutdown_lifetime 0 seconds
${rules}
`;
      // Named, since all of one name share their memory, and one that was killed leaves it.
      return ['-N', '-n', `automate${place.port}`, '-f', place.write('squid.conf', config)];
    },
    isReady: listens,
  });
  const log = join(squid.folder, 'access.log');
  return {
    url: `http://127.0.0.1:${squid.port}`,
    port: squid.port,
    log: async () => {
      await access(log);
      return readFile(log, 'utf8');
    },
    async close() {
      await squid.stop();
      await squid.close();
    },
  };
}
