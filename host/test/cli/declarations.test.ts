import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CliProject, NO_HOST, plainEnvironment, repositoryPath } from './fixtures/cli-project.ts';
import { runCommand } from './fixtures/run-command.ts';

const YAML = `
connectors:
  - { id: echo, settings: { greeting: hi } }
  - { id: typed }
  - { id: typed-too, kind: typed }
  - { id: off, kind: typed, enabled: false }
`;

/** Takes all that declarations must be able to say. */
const TYPED = `
import { action, ConnectorAdapter } from '@automate/sdk';
const paired = (jsonSchema) => ({ schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }, jsonSchema });
export default class Typed extends ConnectorAdapter {
  name = 'typed';
  version = '1.0.0';
  actions = {
    send: action({
      description: 'Sends. */ export const broken = 1; /*',
      input: paired({
        type: 'object',
        required: ['channel'],
        additionalProperties: false,
        properties: {
          channel: { type: 'string', description: 'Where to' },
          level: { enum: ['low', 'high', 3, null] },
          'odd "key"': { type: ['string', 'null'] },
          tree: { $ref: '#/$defs/tree' },
          pair: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }], items: false },
          either: { oneOf: [{ type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }, { const: 'none' }] },
          map: { type: 'object', additionalProperties: { type: 'integer' } },
        },
        $defs: { tree: { type: 'object', properties: { children: { type: 'array', items: { $ref: '#/$defs/tree' } } } } },
      }),
      output: paired({ type: 'object', required: ['ts'], properties: { ts: { type: 'string' } } }),
      sideEffects: true,
      idempotent: false,
      run: ({ channel }) => ({ ts: channel + '-1' }),
    }),
    list: action({
      description: 'Lists.',
      input: paired({ type: 'object', properties: { limit: { type: 'integer' } } }),
      output: paired({ type: 'array', items: { type: 'string' } }),
      sideEffects: false,
      idempotent: true,
      run: ({ limit }) => ['a', 'b'].slice(0, limit),
    }),
  };
  async connect() { return true; }
}
`;

const RIGHT = `
import { connect } from '@automate/client';
await using service = await connect();
const sent: string = (await service.connector('typed').send({ channel: 'c', level: 3, pair: ['x', 1], either: { a: 'b' }, map: { n: 1 } })).ts;
const listed: readonly string[] = await service.connector('typed-too').list();
const one = await service.connector('typed').list({ limit: 1 }, { timeoutMs: 60_000 });
console.log(JSON.stringify([sent, listed, one]));
`;

const WRONG = [
  ['a field that there is not', "service.connector('typed').send({ channel: 'c', txt: 1 })", 'txt'],
  ['a field of a wrong type', "service.connector('typed').send({ channel: 5 })", 'number'],
  ['a field that is missing', "service.connector('typed').send({})", 'channel'],
  ['no payload where one is needed', "service.connector('typed').send()", 'argument'],
  ['a word that is none', "service.connector('typed').send({ channel: 'c', level: 'middle' })", 'middle'],
  ['an action that there is not', "service.connector('typed').sned({ channel: 'c' })", 'sned'],
  ['a connector that there is not', "service.connector('typo').send({ channel: 'c' })", 'typo'],
  ['a field of the result that there is not', "(await service.connector('typed').send({ channel: 'c' })).tss", 'tss'],
] as const;

describe('automate types', () => {
  let project: CliProject;
  beforeAll(async () => {
    project = await CliProject.open({ yaml: YAML });
    await project.sandbox.addConnector({ kind: 'typed', source: TYPED });
    await mkdir(join(project.root, 'node_modules/@types'), { recursive: true });
    for (const name of ['client', 'contract', 'host'])
      await symlink(
        repositoryPath(name === 'host' ? 'host' : `packages/${name}`),
        join(project.root, 'node_modules/@automate', name),
      );
    await symlink(repositoryPath('node_modules/@types/node'), join(project.root, 'node_modules/@types/node'));
    await project.sandbox.writeFile('right.ts', RIGHT);
    await project.sandbox.writeFile(
      'tsconfig.json',
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          module: 'nodenext',
          target: 'esnext',
          types: ['node'],
          skipLibCheck: true,
        },
        include: ['*.ts'],
      }),
    );
    expect(await project.automate(['types', '--out', 'connectors.d.ts'])).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(NO_HOST),
    });
  });
  afterAll(() => project[Symbol.asyncDispose]());

  const compile = () =>
    runCommand(process.execPath, [repositoryPath('node_modules/typescript/bin/tsc'), '-p', '.'], {
      cwd: project.root,
      env: plainEnvironment(),
    });
  const run = (env = {}) =>
    runCommand(process.execPath, ['right.ts'], { cwd: project.root, env: { ...plainEnvironment(), ...env } });

  it('types what is right, in process and over gRPC', async () => {
    expect(await compile()).toMatchObject({ status: 0, stdout: '' });
    const answer = '["c-1",["a","b"],["a"]]\n';
    expect(await run()).toMatchObject({ status: 0, stdout: answer });
    await using host = await project.start();
    expect(await run({ CONNECTORS_SERVICE_ADDR: host.ready.grpc })).toMatchObject({ status: 0, stdout: answer });
  });

  it('lets the compiler find each mistake', async () => {
    const lines = WRONG.map(([, line]) => `await ${line};`);
    const source = ["import { connect } from '@automate/client';", 'const service = await connect();', ...lines].join(
      '\n',
    );
    await project.sandbox.writeFile('wrong.ts', source);
    const { status, stdout } = await compile();
    expect(status).not.toBe(0);
    for (const [index, [, , word]] of WRONG.entries())
      expect(stdout).toMatch(new RegExp(`^wrong\\.ts\\(${index + 3},.*${word}`, 'm'));
  });

  it('lets kinds share what is the same, and writes to standard output without --out', async () => {
    const { stdout } = await project.automate(['types']);
    expect(stdout.trim()).toBe((await readFile(join(project.root, 'connectors.d.ts'), 'utf8')).trim());
    expect(stdout.match(/type \w+ =/g)).toStrictEqual(['type EchoActions =', 'type TypedActions =']);
  });

  it('writes the rest where one connector cannot be described, says which, and ends with 1', async () => {
    await project.sandbox.writeFile('other.yaml', `${YAML}  - { id: ghost, kind: not_installed }\n`);
    const { status, stdout, stderr } = await project.automate(['types', '--config', 'other.yaml']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/"ghost" is left out: .*not_installed/);
    expect(stdout).toContain('readonly "typed": TypedActions;');
  });

  it('docs writes the same as Markdown', async () => {
    const { status, stdout } = await project.automate(['docs']);
    expect(status).toBe(0);
    expect(stdout).toContain('### `typed` `send`');
    expect(stdout).toMatch(/^\| `channel` \| string \| required \| Where to \|$/m);
  });
});

describe('a connector without declarations', () => {
  it('is called all the same, and its faults are those of execute', async () => {
    const { connect } = await import('@automate/client');
    await using project = await CliProject.open({ yaml: YAML, kinds: ['echo'] });
    await using service = await connect({ cwd: project.root, env: {} });
    const echo = service.connector('echo');
    expect(await echo['say']?.({ text: 'hello' })).toMatchObject({ text: 'hello' });
    expect(await Promise.resolve(echo)).toBe(echo);
    await expect(echo['sey']?.({})).rejects.toMatchObject({ code: 'INVALID_INPUT', name: 'UnknownActionError' });
    await expect(service.connector('ecko')['say']?.()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
