import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectorError } from '@automate/contract';
import { connect } from '@automate/client';
import { CliProject } from './fixtures/cli-project.ts';
import type { ServingHost } from './fixtures/serving-host.ts';

const YAML = `
connectors:
  - id: echo
  - { id: hidden, kind: echo }
`;

describe('a mistyped name', () => {
  let project: CliProject;
  let host: ServingHost;
  beforeAll(async () => {
    project = await CliProject.open({ yaml: YAML });
    host = await project.start();
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await project[Symbol.asyncDispose]();
  });

  it.each([
    [['connectors', 'get', 'ecko'], 'NOT_FOUND: no connector has the id "ecko" (did you mean "echo"?)'],
    [['connectors', 'health', 'ecko'], 'NOT_FOUND: no connector has the id "ecko" (did you mean "echo"?)'],
    [['connectors', 'remove', 'ecko'], 'NOT_FOUND: no connector has the id "ecko" (did you mean "echo"?)'],
    [['connectors', 'describe', 'ecko'], 'NOT_FOUND: no connector has the id "ecko" (did you mean "echo"?)'],
    [['execute', 'ecko', 'say'], 'NOT_FOUND: no connector has the id "ecko" (did you mean "echo"?)'],
    [['execute', 'echo', 'sey'], 'INVALID_INPUT: the kind "echo" has no action "sey" (did you mean "say"?)'],
    [['connectors', 'describe', 'echo', 'sey'], 'INVALID_INPUT: "echo" has no action "sey" (did you mean "say"?)'],
    [['connectors', 'register', '--input', '{ id: new, kind: ecko }'], 'the kind "ecko" (did you mean "echo"?)'],
  ])('of %j is answered with the one that is close', async (args, words) => {
    const { status, stderr } = await project.automate(args);
    expect(status).not.toBe(0);
    expect(stderr).toContain(words);
  });

  it('is answered with none where none is close, and over REST with one as well', async () => {
    const ask = async (id: string) =>
      ((await (await fetch(`${host.ready.http}/api/v1/connectors/${id}`)).json()) as { detail: string }).detail;
    expect(await ask('ecko')).toContain('(did you mean "echo"?)');
    expect(await ask('something-else')).toBe('no connector has the id "something-else"');
  });

  it('tells a caller nothing of connectors that it may not see', async () => {
    const { token } = await project.json<{ token: string }>([
      'tokens',
      'create',
      'narrow',
      '--scope',
      'execute:hiden',
      '--scope',
      'execute:echo',
    ]);
    await using service = await connect({ address: host.ready.grpc, token });
    const error = await service.get('hiden').catch((reason: unknown) => reason);
    expect(ConnectorError.is(error) && error.message).toBe('no connector has the id "hiden"');
  });
});

describe('connectors describe', () => {
  it('shows actions, what they take and answer, to people and to programs', async () => {
    await using project = await CliProject.open({ yaml: YAML });
    const { status, stdout } = await project.automate(['connectors', 'describe', 'echo']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ACTION +EFFECT +TAKES +DESCRIPTION$/m);
    expect(stdout).toMatch(/^say +reads/m);
    const all = await project.json<{ actions: { name: string }[] }>(['connectors', 'describe', 'echo']);
    const one = await project.json(['connectors', 'describe', 'echo', 'say']);
    expect(one).toStrictEqual(all.actions.find(({ name }) => name === 'say'));
    expect((await project.automate(['connectors', 'describe', 'echo', 'say'])).stdout).toMatch(/^TAKES +TYPE/m);
  });
});

describe('what a command says of files', () => {
  it('names a second configuration that is not read', async () => {
    await using project = await CliProject.open({ yaml: YAML });
    await writeFile(join(project.root, 'config/connectors.json'), '{"connectors":[]}');
    const { stderr } = await project.automate(['connectors', 'list']);
    expect(stderr).toMatch(/connectors\.json is not read, as .*connectors\.yaml is the configuration/);
    const { stdout } = await project.automate(['doctor']);
    expect(stdout).toMatch(/^warning +configuration: .*connectors\.json is not read/m);
    await using host = await project.start();
    expect(JSON.stringify(host.ready)).toContain('connectors.json is not read');
  });

  it('says of a data directory that is a file what it is', async () => {
    await using project = await CliProject.open({ yaml: YAML });
    await project.sandbox.writeFile('data', '');
    const { status, stderr } = await project.automate(['connectors', 'list'], { env: { DATA_DIR: 'data' } });
    expect(status).not.toBe(0);
    expect(stderr).toContain('see that its directory is there and is one');
    expect(stderr).not.toContain('its disk may be failing');
  });
});
