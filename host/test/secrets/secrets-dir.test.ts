import { chmod, chown, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHost } from '../../src/create-host.ts';
import { CliProject } from '../cli/fixtures/cli-project.ts';
import { closeSecretsDir } from '../../src/secrets/secrets-dir.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'secrets-dir-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('the directory of the files with secrets', () => {
  it.each([0o755, 0o770, 0o711, 0o1777])('with mode %o is closed to all but its owner at the start', async (mode) => {
    await chmod(directory, mode);
    expect(closeSecretsDir(directory)).toBeUndefined();
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it('is named with what is wrong where it is none', async () => {
    expect(closeSecretsDir(join(directory, 'nowhere'))).toMatch(
      /SECRETS_DIR: .*nowhere cannot be looked at \(ENOENT\); /,
    );
    await writeFile(join(directory, 'file'), '');
    expect(closeSecretsDir(join(directory, 'file'))).toMatch(/ is not a directory; .* mode 0700$/);
  });

  it('of somebody else is left alone, and complained of', async () => {
    const own = userInfo().uid === 0;
    const others = own ? directory : '/tmp';
    // Only root can give a directory away; to all others one of root is somebody else's.
    if (own) await chown(directory, 12_345, 12_345);
    const before = await stat(others);
    expect(closeSecretsDir(others)).toMatch(/belongs to user \d+ \(mode \d+\) and not to the host's own, user \d+; /);
    expect((await stat(others)).mode).toBe(before.mode);
  });

  it('is closed by a host that starts, which says so where it cannot', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: 'connectors:\n  - { id: echo }\n' });
    const secrets = join(project.root, 'secrets');
    await mkdir(secrets, { mode: 0o755 });
    const start = async (SECRETS_DIR: string): Promise<string> => {
      const log = new PassThrough({ encoding: 'utf8' });
      const env = { SECRETS_DIR, GRPC_PORT: '0', HTTP_PORT: '0' };
      await (await createHost({ cwd: project.root, env, logTo: log })).close();
      return (log.read() as string | null) ?? '';
    };
    const doctor = async () => (await project.automate(['doctor'], { env: { SECRETS_DIR: secrets } })).stdout;
    expect(await doctor()).toMatch(/^warning {2}secrets directory: .* \(mode 755\) until the next start/m);
    expect((await stat(secrets)).mode & 0o777).toBe(0o755);
    expect(await start(secrets)).not.toContain('SECRETS_DIR');
    expect((await stat(secrets)).mode & 0o777).toBe(0o700);
    expect(await doctor()).toMatch(/^ok {7}secrets directory: /m);
    expect(await start(join(project.root, 'nowhere'))).toMatch(/SECRETS_DIR: .*nowhere cannot be looked at/);
  });
});
