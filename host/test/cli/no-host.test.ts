import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CliProject } from './fixtures/cli-project.ts';

const YAML = `
connectors:
  - { id: echo, auth: { type: bearer, token: secretref://file/default/token } }
`;

/** What a command says where no host runs. */
const NOTE = /^note: no host is running in (\S+\.automate)(.*): worked in process, with .* of this shell.*$/m;

describe('commands where no host runs', () => {
  it('say so on standard error, and answer all the same', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: 'connectors:\n  - { id: echo }\n' });
    for (const args of [
      ['connectors', 'list'],
      ['plugins', 'list'],
      ['execute', 'echo', 'say', '--input', '{"text":"a"}'],
    ]) {
      const { status, stdout, stderr } = await project.automate(args);
      expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/echo|"a"/) });
      expect(stderr).toMatch(NOTE);
      const program = await project.automate([...args, '--json']);
      expect(() => void JSON.parse(program.stdout)).not.toThrow();
      expect(program.stderr).toMatch(NOTE);
    }
  });

  it('say so of a failure as well, in the document of which it is a member', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: 'connectors: []\n' });
    const { status, stderr } = await project.automate(['execute', 'echo', 'say']);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/^note: .*\nNOT_FOUND: /) });
    const program = await project.automate(['execute', 'echo', 'say', '--json']);
    expect(JSON.parse(program.stderr)).toMatchObject({
      code: 'NOT_FOUND',
      notes: [expect.stringMatching(/^no host is running in /)],
    });
  });

  it('say nothing where one runs; after it was killed they say that, and whose secrets were looked for', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: YAML });
    await project.sandbox.writeFile('secrets/default/token', 'a-token-of-the-host');
    await chmod(join(project.root, 'secrets/default/token'), 0o600);
    await using host = await project.start({ env: { SECRETS_DIR: 'secrets' } });
    const say = ['execute', 'echo', 'say', '--input', '{"text":"a"}'];
    expect(await project.automate(say)).toMatchObject({ status: 0, stderr: '' });
    await host.end('SIGKILL');
    const list = await project.automate(['connectors', 'list']);
    expect(list.stderr).toMatch(/where the last one was killed or crashed; "automate start" starts it again/);
    const failed = await project.automate(say);
    expect(failed).toMatchObject({ status: 78, stderr: expect.stringMatching(NOTE) });
    expect(failed.stderr).toMatch(/SECRETS_DIR/);
  });

  it('know of a host that ended by itself nothing but that there is none', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: 'connectors: []\n' });
    await using host = await project.start();
    await host.end();
    const { stderr } = await project.automate(['connectors', 'list']);
    expect(NOTE.exec(stderr)?.[2]).toBe('');
  });
});
