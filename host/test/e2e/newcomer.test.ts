import { existsSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import { repositoryPath } from '../cli/fixtures/cli-project.ts';
import { mustRun } from '../cli/fixtures/run-command.ts';
import { ServingHost } from '../cli/fixtures/serving-host.ts';
import { installerEnvironment } from './fixtures/installers.ts';

const MINUTES = 60_000;

/** The system's own programs come first, an old Node.js among them, as on a machine where nobody installed anything. */
function newcomersEnvironment(): Record<string, string> {
  const { PATH = '', ...rest } = installerEnvironment();
  const others = PATH.split(':').filter((folder) => !folder.includes('node_modules'));
  return {
    ...rest,
    PATH: ['/usr/bin', '/bin', ...others].join(':'),
    GRPC_PORT: '0',
    HTTP_PORT: '0',
    LOG_FORMAT: 'json',
  };
}

const available = (): boolean => isOnPath('git') && existsSync(repositoryPath('.git'));

describeWith({ name: 'git, and this repository under it', available }, 'a clean clone of this repository', () => {
  let folder: string;
  let clone: string;
  const env = newcomersEnvironment();

  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'automate-newcomer-')));
    clone = join(folder, 'clone');
    await mustRun('git', ['clone', '--quiet', '--no-hardlinks', repositoryPath(), clone], {
      cwd: folder,
      env,
      timeoutMs: MINUTES,
    });
  }, 2 * MINUTES);

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }, MINUTES);

  const start = (command: string, ...args: string[]): Promise<ServingHost> =>
    ServingHost.start({ command, args, cwd: clone, env, patienceMs: 5 * MINUTES });

  /** Whether any process of the host's group is there. */
  function groupLives({ child }: ServingHost): boolean {
    try {
      process.kill(-child.pid!, 0);
      return true;
    } catch {
      return false;
    }
  }

  async function untilGone(host: ServingHost): Promise<void> {
    while (groupLives(host)) await delay(50);
  }

  /** A host writes down where it listens and takes that back when it closes in order. */
  const note = (): boolean => existsSync(join(clone, '.automate/host.json'));

  it(
    'serves after "npm start" alone, whatever the system calls node, and leaves nothing behind when it is told to end',
    async () => {
      await using host = await start('npm', 'start');
      expect(host.ready.plugins.map(({ package: name, status }) => [name, status])).toEqual(
        expect.arrayContaining([
          ['@automate/connector-http', 'admitted'],
          ['@automate/connector-logging', 'admitted'],
          ['@automate/connector-prometheus', 'admitted'],
          ['@automate/connector-slack', 'admitted'],
        ]),
      );
      expect(host.ready.connectors.filter((connector) => connector.last_error !== undefined)).toEqual([]);
      const answer = await fetch(`${host.ready.http}/api/v1/connectors/logging/actions/log`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"level":"info","message":"hello from a newcomer"}',
      });
      expect(await answer.json()).toMatchObject({ result: { logged: true } });
      expect(await (await fetch(host.ready.http)).text()).toContain('<title>Automate Connectors</title>');
      await host.waitForRecord(({ msg, connector }) => msg === 'hello from a newcomer' && connector === 'logging');
      expect(note()).toBe(true);
      host.kill('SIGTERM');
      await untilGone(host);
      expect(note()).toBe(false);
    },
    6 * MINUTES,
  );

  it(
    'starts again in seconds, ends in order at Ctrl-C, and what was run says so',
    async () => {
      await using host = await start('/usr/bin/env', 'node', 'packages/tooling/setup.mjs', 'automate', 'start');
      // A terminal tells everyone who runs in it.
      process.kill(-host.child.pid!, 'SIGINT');
      expect(await host.ended()).toMatchObject({ status: 0, signal: null });
      expect(note()).toBe(false);
      await untilGone(host);
      await using again = await start('/usr/bin/env', 'node', 'packages/tooling/setup.mjs', 'automate', 'start');
      // And so does a supervisor, which the parent then tells the host as well.
      process.kill(-again.child.pid!, 'SIGTERM');
      expect(await again.ended()).toMatchObject({ status: 0, signal: null });
      expect(note()).toBe(false);
    },
    3 * MINUTES,
  );

  it('has nothing to commit afterwards', async () => {
    const { stdout } = await mustRun('git', ['status', '--porcelain'], { cwd: clone, env });
    expect(stdout).toBe('');
  });
});
