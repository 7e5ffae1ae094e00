import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AUTOMATE, CliProject, NO_HOST, plainEnvironment } from './fixtures/cli-project.ts';
import { collect } from './fixtures/run-command.ts';

describe('using the command line', () => {
  let project: CliProject;
  beforeAll(async () => {
    project = await CliProject.open({ yaml: 'connectors:\n  - { id: echo }\n' });
  });
  afterAll(() => project[Symbol.asyncDispose]());

  it.each([
    ['no command', []],
    ['an unknown command', ['frobnicate']],
    ['an unknown command of a group', ['connectors', 'frobnicate']],
    ['an unknown option', ['plugins', 'list', '--colour']],
    ['a missing argument', ['execute', 'echo']],
    ['one argument too many', ['connectors', 'get', 'echo', 'off']],
    ['a choice that there is not', ['connectors', 'list', '--type', 'cloud']],
    ['an option that is required', ['connectors', 'register']],
    ['an option without its value', ['execute', 'echo', 'say', '--timeout']],
    ['a duration that is none', ['execute', 'echo', 'say', '--timeout', 'soon']],
    ['a file that is not there', ['execute', 'echo', 'say', '--input', '@nowhere.json']],
    ['a project that is not there', ['plugins', 'list', '--project', 'nowhere']],
    ['isolation that is not to be run', ['isolation']],
    ['a fault that there is not', ['isolation', '--run', '--faults', 'boredom']],
    ['a level that there is not', ['isolation', '--run', '--levels', 'cellar']],
  ])('ends with 2 and says why: %s', async (_name, args) => {
    const { status, stdout, stderr } = await project.automate(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).not.toBe('');
    expect(stderr).not.toMatch(/\n\s+at /);
    const forPrograms = await project.automate([...args, '--json']);
    expect({ status: forPrograms.status, stdout: forPrograms.stdout }).toEqual({ status: 2, stdout: '' });
    expect(JSON.parse(forPrograms.stderr)).toMatchObject({
      code: 'INVALID_INPUT',
      status: 400,
      detail: expect.stringMatching(/^(?!error:).*\w/),
      retryable: false,
      effect: 'none',
    });
    const { details, problems } = JSON.parse(forPrograms.stderr) as { details?: object; problems?: object[] };
    // What the service has words for is said in those.
    if (!args.some((argument) => ['cloud', 'soon'].includes(argument)))
      expect(details).toEqual({ reason: 'wrong_usage' });
    else expect(problems).toEqual([expect.objectContaining({ path: expect.stringMatching(/^(type|timeout_ms)$/) })]);
  });

  it('prints its version, and help that names every command', async () => {
    const { version } = JSON.parse(await readFile(join(AUTOMATE, '../../package.json'), 'utf8')) as { version: string };
    expect(await project.automate(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n` });
    const { status, stdout } = await project.automate(['--help']);
    expect(status).toBe(0);
    for (const command of ['start', 'init', 'doctor', 'plugins', 'connectors', 'execute', 'isolation'])
      expect(stdout).toMatch(new RegExp(`^ {2}${command}`, 'm'));
  });

  it('refuses input that is not UTF-8, which would arrive as other characters', async () => {
    const bytes = Buffer.from('{"text":"caf\xe9"}', 'latin1');
    await writeFile(join(project.root, 'latin1.json'), bytes);
    for (const [input, source] of [
      ['-', 'standard input'],
      ['@latin1.json', 'latin1.json'],
    ] as const) {
      const { status, stderr } = await project.automate(['execute', 'echo', 'say', '--input', input], { input: bytes });
      expect({ status, stderr }).toEqual({
        status: 2,
        stderr: expect.stringContaining(`--input: ${source} is not text in UTF-8`),
      });
    }
  });

  it('refuses input that is not JSON with its position', async () => {
    const { status, stderr } = await project.automate(['execute', 'echo', 'say', '--input', '{"text": }']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^INVALID_INPUT: .*line 1, column 10/m);
  });

  it('says a single problem once, and those of several that it has not said', async () => {
    const register = (config: string) => project.automate(['connectors', 'register', '--input', config]);
    const one = await register('{ id: new, kind: echo, port: 99999 }');
    expect(one.stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(/^INVALID_INPUT: .*port: expected/)]);
    const key = await project.automate(['execute', 'echo', 'say', '--idempotency-key', '']);
    expect(key.stderr.match(/^INVALID_INPUT/gm)).toHaveLength(1);
    const two = await register('{ id: new, kind: echo, port: 99999, colour: red }');
    expect(two.stderr.match(/port: expected/g)).toHaveLength(1);
    expect(two.stderr).toContain('colour');
  });

  it('takes the project from --project or from the directory above', async () => {
    await project.sandbox.writeFile('deep/down/here.txt', '');
    const below = await project.automate(['connectors', 'list'], { cwd: join(project.root, 'deep/down') });
    const elsewhere = await project.automate(['connectors', 'list', '--project', project.root], { cwd: '/' });
    for (const { status, stdout } of [below, elsewhere])
      expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringMatching(/^echo /m) });
  });

  it.each([['connectors', 'list'], ['plugins', 'list', '--json'], ['execute', 'echo', 'count'], ['--help']])(
    'stays silent when the reader of its output leaves early: %s %s',
    async (...args) => {
      const child = spawn(process.execPath, [AUTOMATE, ...args.filter((arg) => arg !== undefined)], {
        cwd: project.root,
        env: plainEnvironment(),
      });
      const output = collect(child);
      // As `| head` does once it has seen enough, only that here it has seen enough before the first word.
      child.stdout.destroy();
      const [status, signal] = (await once(child, 'exit')) as [number | null, string | null];
      expect({ status, signal }).toEqual({ status: 0, signal: null });
      expect(output().stderr.replace(NO_HOST, '')).toBe('');
    },
  );

  it.each(['SIGINT', 'SIGTERM'] as const)('ends a call that its user interrupts, and says so: %s', async (signal) => {
    const began = join(project.root, signal);
    const args = ['execute', 'echo', 'wait', '--input', JSON.stringify({ began })];
    const child = spawn(process.execPath, [AUTOMATE, ...args], {
      cwd: project.root,
      env: plainEnvironment(),
    });
    const output = collect(child);
    const closed = once(child, 'close');
    while (!existsSync(began)) await delay(20);
    child.kill(signal);
    await closed;
    expect({ status: child.exitCode, ...output() }).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^CANCELLED: /m),
    });
  });

  it('writes no files but its data directory', async () => {
    const directory = await stat(join(project.root, '.automate'));
    expect(directory.mode & 0o777).toBe(0o700);
    expect((await stat(join(project.root, '.automate/connectors.db'))).mode & 0o777).toBe(0o600);
  });
});
