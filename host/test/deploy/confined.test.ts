import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { plainEnvironment, repositoryPath } from '../cli/fixtures/cli-project.ts';
import { collect, mustRun, runCommand } from '../cli/fixtures/run-command.ts';

/** Namespaces are root's to make. */
const asRoot = process.getuid?.() === 0 && process.platform === 'linux' ? it : it.skip;

const DATA = '/var/tmp';
/** As the image has it: nothing of the root can be written, a user of no rights, and the host the first of its processes. */
const CONFINED = `
  mount -t tmpfs -o mode=0700,uid=10001,gid=10001 tmpfs ${DATA} &&
  mount -o remount,bind,ro / &&
  exec setpriv --reuid 10001 --regid 10001 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"`;

/** The host, as its own namespace's first process, by the number that it has out here. */
function firstProcess({ pid }: ChildProcess): number | undefined {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter((word) => word !== '');
  return child === undefined ? undefined : Number(child);
}

const NOBODY = ['--reuid', '10001', '--regid', '10001', '--clear-groups'];

/** Sources alone, as a clone has them: nothing that was installed or built. */
const isSource = (path: string): boolean => !/\/(node_modules|dist|bundle|\.git|\.automate|coverage)$/.test(path);

let root: string;
let built: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'automate-built-'));
  built = join(root, 'app');
});

afterAll(() => rm(root, { recursive: true, force: true }));

asRoot(
  'the script that the image is made with builds a project, without rights, from sources alone',
  async () => {
    const sources = join(root, 'sources');
    // How this machine reaches the registry, without what npm has told this very run.
    const machine = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
    const env = { ...machine, ...plainEnvironment(), HOME: join(root, 'home') };
    await cp(repositoryPath(), sources, { recursive: true, filter: isSource });
    await mkdir(env.HOME);
    await mustRun('chown', ['-R', '10001:10001', root], { cwd: '/', env });
    const build = [...NOBODY, join(sources, 'deploy/build.sh'), built];
    await mustRun('setpriv', build, { cwd: '/', env, timeoutMs: 540_000 });
    expect((await readdir(built)).toSorted()).toEqual(['config', 'healthcheck.mjs', 'node_modules', 'package.json']);
  },
  600_000,
);

asRoot(
  'a host so built, over a root that cannot be written, without rights and as the first process, serves, is found well and ends with 0',
  async () => {
    const env = {
      ...plainEnvironment(),
      HOME: DATA,
      DATA_DIR: DATA,
      GRPC_PORT: '0',
      HTTP_PORT: '0',
      LOG_FORMAT: 'json',
      AUDIT: 'on',
    };
    const command = [process.execPath, join(built, 'node_modules/.bin/automate'), 'start'];
    const args = ['-m', '-p', '-f', '--mount-proc', '--kill-child', 'sh', '-c', CONFINED, 'sh', ...command];
    const child = spawn('unshare', args, { cwd: built, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = collect(child);
    const closed = once(child, 'close');
    try {
      const ready = await eventually(
        () => {
          if (child.exitCode !== null) throw new Error(`it ended: ${output().stdout}${output().stderr}`);
          return /"event":"ready".*?"http":"([^"]+)"/.exec(output().stdout)?.[1];
        },
        (address) => address !== undefined,
      );
      expect((await fetch(`${ready}/health/ready`)).status).toBe(200);
      const call = await fetch(`${ready}/api/v1/connectors/logging/actions/log`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ message: 'hello', level: 'info' }),
      });
      expect(await call.json()).toMatchObject({ result: { logged: true } });
      const registered = await fetch(`${ready}/api/v1/connectors`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id: 'mine', kind: 'http', host: '192.0.2.1' }),
      });
      expect(registered.status).toBe(201);
      const host = firstProcess(child) ?? 0;
      const within = ['-t', String(host), '-m', '-p', '--setuid', '10001', '--setgid', '10001'];
      const healthcheck = await runCommand('nsenter', [...within, process.execPath, join(built, 'healthcheck.mjs')], {
        cwd: built,
        env,
      });
      expect(healthcheck).toMatchObject({ status: 0 });
      process.kill(host, 'SIGTERM');
      const [status] = (await closed) as [number | null];
      expect({ status, output: status === 0 ? '' : output() }).toEqual({ status: 0, output: '' });
    } finally {
      if (child.exitCode === null) child.kill('SIGKILL');
      await closed;
    }
  },
  120_000,
);
