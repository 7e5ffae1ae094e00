import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { addKeeper } from '../fixtures/add-keeper.ts';
import { AUTOMATE, CliProject, plainEnvironment } from './fixtures/cli-project.ts';

const VALUE = 'canary "value" 4711';
const YAML = `
connectors:
  - { id: own, kind: keeper, auth: { type: bearer, token: secretref://store/team/token } }
`;

let project: CliProject;
beforeEach(async () => {
  project = await CliProject.open({ kinds: [], yaml: YAML });
  await addKeeper(project.sandbox);
});
afterEach(() => project[Symbol.asyncDispose]());

const lengthOf = async (): Promise<unknown> =>
  (await project.json<{ result: { token: number } }>(['execute', 'own', 'lengths'])).result.token;

describe.each(['without a host', 'with a host that serves'])('automate secrets, %s', (name) => {
  let host: AsyncDisposable | undefined;
  beforeEach(async () => {
    host = name === 'without a host' ? undefined : await project.start();
  });
  afterEach(async () => host?.[Symbol.asyncDispose]());

  it('sets from standard input and from a file, lists, and removes', async () => {
    await expect(project.json(['secrets', 'set', 'team/token'], { input: `${VALUE}\n` })).resolves.toEqual({
      namespace: 'team',
      name: 'token',
      version: 1,
      message: 'set team/token, version 1',
    });
    await expect(lengthOf()).resolves.toBe(VALUE.length);
    await writeFile(join(project.root, 'token.txt'), `${VALUE}\nin two lines\r\n`);
    await project.json(['secrets', 'set', 'team/token', '--file', 'token.txt']);
    await expect(lengthOf()).resolves.toBe(`${VALUE}\nin two lines`.length);
    await expect(project.json(['secrets', 'list'])).resolves.toMatchObject({
      secrets: [
        {
          namespace: 'team',
          name: 'token',
          versions: [{ version: 1 }, { version: 2 }],
          used_by: [{ kind: 'connector', name: 'own' }],
        },
      ],
      count: 1,
    });
    const { stdout } = await project.automate(['secrets', 'list']);
    expect(stdout).toMatch(/^SECRET +VERSIONS +LAST SET +USED BY\nteam\/token +1, 2 +\S+Z +connector own\n$/);
    const refused = await project.automate(['secrets', 'remove', 'team/token']);
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('is used by the connector "own"')]);
    await project.json(['secrets', 'remove', 'team/token', '--secret-version', '1']);
    await project.json(['secrets', 'remove', 'team/token', '--force']);
    await expect(project.json(['secrets', 'list'])).resolves.toEqual({ secrets: [], count: 0 });
  });

  it('rotates the master key, after which everything works as before', async () => {
    await project.json(['secrets', 'set', 'team/token'], { input: VALUE });
    const key = (): Promise<string> => readFile(join(project.root, '.automate', 'keys', 'master.key'), 'utf8');
    const [before] = (await key()).split('\n');
    await expect(project.json(['secrets', 'rotate-keys'])).resolves.toEqual({
      key_id: expect.stringMatching(/^[\da-f]{12}$/),
      renewed: true,
      rewrapped: 1,
      unreadable: [],
    });
    const [inUse, older] = (await key()).split('\n');
    expect(inUse).not.toBe(before);
    expect(older).toBe(before);
    await writeFile(join(project.root, '.automate', 'keys', 'master.key'), `${inUse}\n`);
    await project.json(['secrets', 'set', 'team/other'], { input: VALUE });
    await expect(lengthOf()).resolves.toBe(VALUE.length);
  });
});

describe('automate secrets set', () => {
  it('takes no value as an argument, and says nothing of it', async () => {
    const { status, stdout, stderr } = await project.automate(['secrets', 'set', 'team/token', VALUE]);
    expect(status).toBe(2);
    expect(stdout + stderr).not.toContain(VALUE);
  });

  it.each([['token'], ['team/token/more'], ['team/..'], ['/token']])('refuses the name %j', async (name) => {
    const { status } = await project.automate(['secrets', 'set', name], { input: VALUE });
    expect(status).not.toBe(0);
    await expect(project.json(['secrets', 'list'])).resolves.toMatchObject({ count: 0 });
  });

  it('asks on a terminal, which does not show what is typed', async () => {
    const command = `${process.execPath} ${AUTOMATE} secrets set team/token`;
    const terminal = spawn('script', ['-qefc', command, '/dev/null'], { cwd: project.root, env: plainEnvironment() });
    let shown = '';
    terminal.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      shown += chunk;
      if (shown.endsWith('value of team/token: ')) terminal.stdin.write(`${VALUE}x\u007f\r`);
    });
    const [status] = await once(terminal, 'close');
    expect([status, shown]).toEqual([
      0,
      expect.stringMatching(/^value of team\/token: \r?\n.*set team\/token, version 1/s),
    ]);
    expect(shown).not.toContain('canary');
    await expect(lengthOf()).resolves.toBe(VALUE.length);
  });
});

describe('automate secrets rotate-keys', () => {
  it('makes no key where that of the stored secrets is named by another variable', async () => {
    await project.sandbox.writeFile('given.key', `${Buffer.alloc(32, 9).toString('base64')}\n`);
    const env = { MASTER_KEY_FILE: 'given.key' };
    await chmod(join(project.root, 'given.key'), 0o600);
    await project.json(['secrets', 'set', 'team/token'], { input: VALUE, env });
    const { status, stderr } = await project.automate(['secrets', 'rotate-keys']);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/sealed under [\da-f]{12}, which is not in .*MASTER_KEY_FILE/),
    ]);
    const idle = await project.automate(['secrets', 'rotate-keys'], { env });
    expect([idle.status, idle.stdout]).toEqual([
      0,
      expect.stringMatching(/every secret is under the master key in use/),
    ]);
  });

  it('is refused for a service elsewhere', async () => {
    const { status, stderr } = await project.automate(['secrets', 'rotate-keys', '--address', '127.0.0.1:1']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('works on the data directory itself')]);
  });
});

describe('automate doctor', () => {
  it('resolves secrets of the store, and says which is not there', async () => {
    await project.sandbox.writeFile(
      'config/connectors.yaml',
      `${YAML}  - { id: other, kind: keeper, profile: prod }
profiles:
  prod: { kind: keeper, secrets: { token: secretref://store/team/shared } }
`,
    );
    await project.json(['secrets', 'set', 'team/shared'], { input: VALUE });
    const { stdout } = await project.automate(['doctor', '--json'], { env: { GRPC_PORT: '0', HTTP_PORT: '0' } });
    const { checks } = JSON.parse(stdout) as { checks: readonly object[] };
    expect(checks).toContainEqual({ check: 'secrets of other', state: 'ok', message: 'profile prod resolves' });
    expect(checks).toContainEqual(
      expect.objectContaining({
        check: 'connector own',
        message: expect.stringContaining('automate secrets set team/token'),
      }),
    );
    expect(stdout).not.toContain('4711');
  });

  it('goes on where there is no store yet, and where it is damaged', async () => {
    const look = async (): Promise<unknown> => {
      const { stdout } = await project.automate(['doctor', '--json'], { env: { GRPC_PORT: '0', HTTP_PORT: '0' } });
      return (JSON.parse(stdout) as { checks: unknown }).checks;
    };
    const failed = (check: string, said: RegExp): unknown =>
      expect.objectContaining({ check, state: 'failed', message: expect.stringMatching(said) });
    expect(await look()).toContainEqual(failed('connector own', /set it with "automate secrets set team\/token"/));
    await project.json(['secrets', 'set', 'team/token'], { input: VALUE });
    await writeFile(join(project.root, '.automate', 'connectors.db'), 'no database'.repeat(1_000));
    const checks = await look();
    expect(checks).toContainEqual(failed('secrets', /connectors\.db: it is damaged, or no database: restore it/));
    expect(checks).toContainEqual(expect.objectContaining({ check: 'Node.js' }));
  });
});
