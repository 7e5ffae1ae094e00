import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import { AUTOMATE, CliProject, plainEnvironment } from './fixtures/cli-project.ts';
import { runCommand } from './fixtures/run-command.ts';
import type { Finished } from './fixtures/run-command.ts';

const YAML = 'connectors: [{ id: echo }]\n';

/** The command line of a user who may not read the data directory. */
function asSomebodyElse(project: CliProject, args: readonly string[]): Promise<Finished> {
  const command = [process.execPath, AUTOMATE, ...args];
  const [program = '', ...rest] =
    process.getuid?.() === 0
      ? ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...command]
      : command;
  return runCommand(program, rest, { cwd: project.root, env: plainEnvironment() });
}

describe('a host that does not answer', () => {
  it('is named, with its process and what to do, by whoever found it on the data directory', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: YAML });
    await using host = await project.start();
    host.kill('SIGSTOP');
    const told = expect.stringMatching(
      new RegExp(
        `the host on ${project.root}/\\.automate \\(process ${host.child.pid} on [^)]+\\) does not answer at unix:.*: see its log, and whether the machine is overloaded; if that process hangs, end it, and start it again`,
      ),
    );
    const [status, list, apply, doctor, program] = await Promise.all([
      project.automate(['status']),
      project.automate(['connectors', 'list']),
      project.automate(['apply']),
      project.automate(['doctor']),
      connect({ cwd: project.root, env: {} }).catch((error: unknown) => error),
    ]);
    for (const failed of [status, list, apply]) expect(failed).toMatchObject({ status: 69, stdout: '', stderr: told });
    expect(doctor).toMatchObject({ status: 1, stdout: told });
    expect(program).toMatchObject({
      code: 'UNAVAILABLE',
      blame: 'operator',
      message: told,
      details: { reason: 'service_unreachable' },
    });
    for (const { stdout, stderr } of [status, list, apply, doctor]) expect(stdout + stderr).not.toMatch(/unset/);
    host.kill('SIGCONT');
    expect(await project.automate(['status'])).toMatchObject({ status: 0 });
  });

  it('is not taken for none by those who may not read where it would say that it runs', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: YAML });
    await using _host = await project.start();
    chmodSync(project.root, 0o755);
    const dataDir = join(project.root, '.automate');
    if (process.getuid?.() !== 0) chmodSync(dataDir, 0o000);
    try {
      for (const args of [['status'], ['blame'], ['connectors', 'list'], ['plan'], ['bisect']]) {
        const { status, stdout, stderr } = await asSomebodyElse(project, args);
        expect({ args, status, stdout }).toEqual({ args, status: 69, stdout: '' });
        expect(stderr).toMatch(
          /: (whether a host runs cannot be told|what is there cannot be read): \S+\.automate is closed to this user: .*EACCES/,
        );
        expect(stderr).toMatch(/as the user that the host runs as/);
        expect(stderr).not.toMatch(/no host is running/);
      }
      // Where not even that can be seen whether there is a data directory.
      if (process.getuid?.() === 0) chmodSync(project.root, 0o700);
      expect(await asSomebodyElse(project, ['doctor'])).toMatchObject({
        status: 1,
        stdout: expect.stringMatching(/failed +data directory: \S+\.automate cannot be used by this user \(EACCES\)/),
      });
    } finally {
      chmodSync(dataDir, 0o700);
    }
  });
});

describe('what only a host that runs knows', () => {
  it('is not made up where none runs', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: YAML });
    for (const args of [['blame'], ['blame', '--json'], ['top', '--once'], ['logs'], ['status']])
      expect({ args, ...(await project.automate(args)) }).toMatchObject({
        args,
        status: 69,
        stderr: expect.stringContaining('no host is running'),
      });
  });
});
