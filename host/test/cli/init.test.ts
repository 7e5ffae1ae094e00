import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { addFixture } from '../fixtures/sandbox-host.ts';
import { CliProject } from './fixtures/cli-project.ts';

describe('automate init', () => {
  it('writes an entry for each kind that is installed, on which a host then starts', async () => {
    await using project = await CliProject.open({ kinds: ['echo', 'unreachable'] });
    const file = join(project.root, 'config/connectors.yaml');
    expect(await project.automate(['init'])).toMatchObject({ status: 0, stdout: `wrote ${file}\n`, stderr: '' });
    const { connectors } = await project.json<{ connectors: { id: string }[] }>(['connectors', 'list']);
    expect(connectors.map(({ id }) => id)).toEqual(['echo', 'unreachable']);
    await using host = await project.start();
    expect(host.ready.connectors).toHaveLength(2);
  });

  it('writes beside it the schema that its first line names, with what the kinds say of their settings', async () => {
    await using project = await CliProject.open({ kinds: ['echo'] });
    const { file } = await project.json<{ file: string }>(['init']);
    const [first] = (await readFile(file, 'utf8')).split('\n');
    const schema = /\$schema=(\S+)/.exec(first ?? '')?.[1] ?? 'none';
    expect(JSON.parse(await readFile(join(file, '..', schema), 'utf8'))).toMatchObject({
      $schema: expect.stringMatching(/json-schema/),
      $defs: { settings_of_echo: { properties: { greeting: { type: 'string' } } } },
    });
  });

  it('never replaces what someone wrote', async () => {
    await using project = await CliProject.open({ yaml: '# mine\nconnectors: []\n' });
    const { status, stderr } = await project.automate(['init']);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/connectors\.yaml is there already: edit it, or remove it first/),
    });
    expect(await readFile(join(project.root, 'config/connectors.yaml'), 'utf8')).toBe('# mine\nconnectors: []\n');
  });
});

describe('automate schema', () => {
  it('has the settings of what was installed since, and says what could not be asked', async () => {
    await using project = await CliProject.open({ kinds: [], yaml: 'connectors: []\n' });
    const definitions = async () => {
      const { status, stdout, stderr } = await project.automate(['schema']);
      const { $defs = {} } = JSON.parse(stdout) as { $defs?: object };
      return { status, stderr, names: Object.keys($defs) };
    };
    expect(await definitions()).toEqual({ status: 0, stderr: '', names: [] });
    await addFixture(project.sandbox, 'echo');
    expect(await definitions()).toEqual({
      status: 0,
      stderr: '',
      names: ['settings_of_echo', 'some_settings_of_echo'],
    });
    await project.sandbox.addConnector({ kind: 'broken', source: "throw new Error('not today');" });
    const { status, stderr, names } = await definitions();
    expect(status).toBe(1);
    expect(stderr).toMatch(/the settings of the kind "broken" are not known: .*not today/);
    expect(names).toContain('settings_of_echo');
    expect(await project.automate(['schema', '--out', 'mine.json'])).toMatchObject({
      stdout: 'wrote mine.json: 2 kinds\n',
    });
    expect(await readFile(join(project.root, 'mine.json'), 'utf8')).toContain('settings_of_echo');
  });
});

describe('a broken configuration', () => {
  const BROKEN = `
connectors:
  - id: one
    port: 99999
    health_check: { interval: soon }
    kind: echo
  - id: one
    colour: red
    kind: echo
`;

  it.each([['start'], ['plugins', 'list'], ['connectors', 'list'], ['execute', 'one', 'say']])(
    'ends %s %s with 78 and names every problem with file, line and column',
    async (...args) => {
      await using project = await CliProject.open({ yaml: BROKEN });
      const env = { GRPC_PORT: '0', HTTP_PORT: '0' };
      const { status, stdout, stderr } = await project.automate(
        args.filter((arg) => arg !== undefined),
        { env },
      );
      expect({ status, stdout }).toEqual({ status: 78, stdout: '' });
      const file = join(project.root, 'config/connectors.yaml');
      const lines = stderr.split('\n').filter((line) => line.startsWith(file));
      const places = lines.map((line) => /:(\d+):(\d+): (\S+): expected .+, received .+/.exec(line)?.slice(1, 4));
      expect(places).toEqual([
        ['4', expect.any(String), 'connectors[0].port'],
        ['5', expect.any(String), 'connectors[0].health_check.interval'],
        ['7', expect.any(String), 'connectors[1].id'],
        ['8', expect.any(String), 'connectors[1].colour'],
      ]);
    },
  );

  it('is a problem document for programs', async () => {
    await using project = await CliProject.open({ yaml: BROKEN });
    const { status, stderr } = await project.automate(['plugins', 'list', '--json']);
    expect(status).toBe(78);
    const { problems } = JSON.parse(stderr) as { problems: unknown[] };
    expect(problems).toHaveLength(4);
    expect(problems[0]).toMatchObject({
      path: 'connectors[0].port',
      line: 4,
      file: expect.stringMatching(/connectors\.yaml$/),
    });
  });

  it('is one that is named and not there, too', async () => {
    await using project = await CliProject.open();
    const { status, stderr } = await project.automate(['connectors', 'list', '--config', 'nowhere.yaml']);
    expect({ status, stderr }).toEqual({ status: 78, stderr: expect.stringMatching(/nowhere\.yaml/) });
  });

  it('shows no value of what it refuses', async () => {
    await using project = await CliProject.open({
      yaml: 'connectors:\n  - { id: one, auth: { type: bearer, tokn: canary-secret } }\n',
    });
    const { status, stderr } = await project.automate(['start']);
    expect(status).toBe(78);
    expect(stderr).toMatch(/auth\.tokn/);
    expect(stderr).not.toContain('canary-secret');
  });
});
