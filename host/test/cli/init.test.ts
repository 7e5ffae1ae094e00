import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CliProject } from './fixtures/cli-project.ts';

describe('automate init', () => {
  it('writes the default configuration, which a host then starts on', async () => {
    await using project = await CliProject.open();
    const file = join(project.root, 'config/connectors.yaml');
    expect(await project.automate(['init'])).toMatchObject({ status: 0, stdout: `wrote ${file}\n`, stderr: '' });
    const { connectors } = await project.json<{ connectors: { id: string }[] }>(['connectors', 'list']);
    expect(connectors.map(({ id }) => id)).toEqual(['grafana', 'jaeger', 'prometheus']);
    await using host = await project.start();
    expect(host.ready.connectors).toHaveLength(3);
  });

  it('writes beside it the schema that its first line names', async () => {
    await using project = await CliProject.open({ kinds: [] });
    const { file } = await project.json<{ file: string }>(['init']);
    const [first] = (await readFile(file, 'utf8')).split('\n');
    const schema = /\$schema=(\S+)/.exec(first ?? '')?.[1] ?? 'none';
    expect(JSON.parse(await readFile(join(file, '..', schema), 'utf8'))).toMatchObject({
      $schema: expect.stringMatching(/json-schema/),
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

describe('a broken configuration', () => {
  const BROKEN = `
connectors:
  - id: one
    port: 99999
    health_check: { interval: soon }
  - id: one
    colour: red
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
        ['6', expect.any(String), 'connectors[1].id'],
        ['7', expect.any(String), 'connectors[1].colour'],
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
