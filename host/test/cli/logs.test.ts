import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import type { LogLine } from '@automate/contract';
import { AUTOMATE, CliProject, plainEnvironment } from './fixtures/cli-project.ts';
import { collect } from './fixtures/run-command.ts';
import type { ServingHost } from './fixtures/serving-host.ts';

/** A kind that logs what it is told. */
const TELLER = `
import { action, ConnectorAdapter } from '@automate/sdk';
const input = { schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }, jsonSchema: { type: 'object' } };
export default class Teller extends ConnectorAdapter {
  name = 'teller';
  version = '1.0.0';
  actions = {
    tell: action({ description: 'Logs.', input, sideEffects: true, idempotent: true, run: ({ level, text, fields }) => {
      this.context.logger[level](text, fields);
      return {};
    } }),
  };
  async connect() { return true; }
}
`;

const CLEAR_SCREEN = '\u001b[2J';

describe('automate logs', () => {
  let project: CliProject;
  let host: ServingHost;
  beforeAll(async () => {
    project = await CliProject.open({
      kinds: [],
      yaml: 'connectors:\n  - { id: one, kind: teller }\n  - { id: two, kind: teller }\n',
    });
    await project.sandbox.addConnector({ kind: 'teller', source: TELLER });
    host = await project.start();
    await tell('one', 'info', 'first words', { count: 3, name: 'x y' });
    await tell('one', 'warn', `beware${CLEAR_SCREEN} of this`);
    await tell('two', 'error', 'from another');
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await project[Symbol.asyncDispose]();
  });

  async function tell(id: string, level: string, text: string, fields = {}): Promise<void> {
    await project.json(['execute', id, 'tell', '--input', JSON.stringify({ level, text, fields })]);
  }

  async function lines(...args: readonly string[]): Promise<readonly LogLine[]> {
    const { status, stdout, stderr } = await project.automate(['logs', ...args, '--json']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as LogLine]));
  }

  it('prints the lines of all, of one connector, of a level, since a moment, and no more than asked for', async () => {
    const told = ['first words', `beware${CLEAR_SCREEN} of this`, 'from another'];
    const texts = async (...args: readonly string[]) => (await lines(...args)).map(({ message }) => message);
    await eventually(async () => (await texts()).includes('from another'));
    expect(await texts()).toEqual(expect.arrayContaining(told));
    expect(await texts('one')).toEqual(expect.arrayContaining(told.slice(0, 2)));
    expect(await texts('one')).not.toContain('from another');
    expect(await texts('one', '--level', 'warn')).toEqual([told[1]]);
    expect(await texts('--limit', '1', 'two')).toHaveLength(1);
    const [first] = (await lines('one')).filter(({ message }) => message === 'first words');
    expect(await texts('one', '--since', first?.at ?? '')).toEqual(expect.arrayContaining(told.slice(0, 2)));
    expect(await texts('one', '--since', '2h')).toEqual(expect.arrayContaining(told.slice(0, 2)));
    expect(await texts('one', '--since', new Date(Date.now() + 3_600_000).toISOString())).toEqual([]);
  });

  it('tells people each line in one, with its fields, and lets no connector at the terminal', async () => {
    const { stdout } = await project.automate(['logs', 'one'], { env: { FORCE_COLOR: '0' } });
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z info {2}one \(logger\) first words count=3 name=x y/m);
    expect(stdout).toMatch(/ warn {2}one \(logger\) beware\\u001b\[2J of this/);
    expect(stdout).not.toContain('\u001b');
  });

  it('follows: each line comes as it is written, and an interrupt ends it well', async () => {
    const child = spawn(process.execPath, [AUTOMATE, 'logs', 'two', '--follow', '--json'], {
      cwd: project.root,
      env: plainEnvironment(),
    });
    const output = collect(child);
    const closed = once(child, 'close');
    await eventually(() => output().stdout.includes('from another'));
    await tell('two', 'info', 'while it is followed');
    await tell('one', 'info', 'of no interest');
    await eventually(() => output().stdout.includes('while it is followed'));
    child.kill('SIGINT');
    await closed;
    expect({ status: child.exitCode, stderr: output().stderr }).toEqual({ status: 0, stderr: '' });
    expect(output().stdout).not.toContain('of no interest');
  });

  it('ends by itself when whoever read it has left', async () => {
    const child = spawn('/bin/sh', ['-c', `"${process.execPath}" "${AUTOMATE}" logs --follow | head -n 1; echo left`], {
      cwd: project.root,
      env: plainEnvironment(),
    });
    const output = collect(child);
    const closed = once(child, 'close');
    await eventually(() => output().stdout !== '');
    for (let count = 0; child.exitCode === null && count < 50; count += 1) await tell('one', 'info', `line ${count}`);
    await closed;
    expect(output().stdout).toMatch(/\nleft\n$/);
  });

  it.each([
    [['logs', '--level', 'loud'], /loud/],
    [['logs', '--since', 'yesterday'], /--since: expected a time/],
    [['logs', '--limit', '0'], /--limit: expected a number from 1 to 1000/],
  ])('refuses %j', async (args, words) => {
    expect(await project.automate(args)).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(words) });
  });

  it('knows no connector that there is not, and nothing where no host runs', async () => {
    expect(await project.automate(['logs', 'ghost'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^NOT_FOUND/),
    });
    await using idle = await CliProject.open({ kinds: [] });
    for (const command of ['logs', 'top'])
      expect(await idle.automate([command])).toMatchObject({
        status: 69,
        stdout: '',
        stderr: expect.stringMatching(/^no host is running in /),
      });
  });
});
