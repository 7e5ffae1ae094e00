import { execFileSync, spawn } from 'node:child_process';
import { access, chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closedPort } from '@automate/testing';
import { untilListening } from './until-listening.ts';

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
  const folder = await mkdtemp(join(tmpdir(), 'automate-squid-'));
  // Started by root it becomes another user, who writes the log.
  await chmod(folder, 0o777);
  const port = await closedPort();
  const at = (name: string): string => join(folder, name);
  await writeFile(at('hosts'), '127.0.0.1 target.test\n');
  const access_rules =
    password === undefined
      ? 'http_access allow all'
      : `auth_param basic program /usr/lib/squid/basic_ncsa_auth ${at('passwords')}\nacl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all`;
  if (password !== undefined) {
    const hash = execFileSync('openssl', ['passwd', '-apr1', '-stdin'], { input: password }).toString().trim();
    await writeFile(at('passwords'), `ann:${hash}\n`);
  }
  await writeFile(
    at('squid.conf'),
    `http_port 127.0.0.1:${port}
hosts_file ${at('hosts')}
pid_filename none
access_log stdio:${at('access.log')}
cache_log ${at('cache.log')}
cache deny all
cache_mem 8 MB
coredump_dir ${folder}
pinger_enable off
shutdown_lifetime 0 seconds
${access_rules}
`,
  );
  const running = spawn(PROGRAM, ['-N', '-f', at('squid.conf')], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => running.once('exit', () => resolve()));
  const close = async (): Promise<void> => {
    running.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilListening(port, running);
  } catch (error) {
    const said = await readFile(at('cache.log'), 'utf8').catch(String);
    await close();
    throw new Error(`squid did not start: ${said}`, { cause: error });
  }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    log: async () => {
      await access(at('access.log'));
      return readFile(at('access.log'), 'utf8');
    },
    close,
  };
}
