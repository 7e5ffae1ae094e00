import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PluginSandbox } from '@automate/testing';
import { eventually } from '@automate/tooling/eventually';
import { AUTOMATE, plainEnvironment, repositoryPath } from './fixtures/cli-project.ts';

const source = (word: string, more = ''): string => `
import { action, ConnectorAdapter } from '@automate/sdk';
const word: string = ${JSON.stringify(word)};
const anything = { schema: { '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) } }, jsonSchema: { type: 'object' } };
export default class Words extends ConnectorAdapter {
  readonly name = 'words';
  readonly version = '1.0.0';
  override actions = {
    tell: action({ description: 'Tells a word.', input: anything, sideEffects: false, idempotent: true, run: () => ({ word }) }),
  };
  async connect(): Promise<boolean> {
    ${more}
    return true;
  }
}
`;

/** `automate dev` over a package, as a program that writes lines to it. */
async function openDev(root: string) {
  const child = spawn(process.execPath, [AUTOMATE, 'dev', 'package'], { cwd: root, env: plainEnvironment() });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await eventually(() => said.includes('words runs, gRPC'));
  return {
    said: () => said,
    async ask(line: string): Promise<unknown> {
      child.stdin.write(`${line}\n`);
      return JSON.parse((await answers.next()).value ?? 'null');
    },
    tell: (line: string) => child.stdin.write(`${line}\n`),
    async end() {
      child.stdin.end();
      return (await once(child, 'close'))[0] as number | null;
    },
    [Symbol.asyncDispose]: async () => void child.kill('SIGKILL'),
  };
}

describe('automate dev', () => {
  let sandbox: PluginSandbox;
  beforeAll(async () => {
    sandbox = await PluginSandbox.create();
    const manifest = {
      name: '@acme/connector-words',
      version: '1.0.0',
      type: 'module',
      engines: { automate: '^1.0.0' },
      scripts: { build: 'tsc -p .' },
      automate: { connectors: { words: { entry: './dist/adapter.js' } } },
    };
    const compilerOptions = {
      strict: true,
      module: 'nodenext',
      target: 'esnext',
      outDir: 'dist',
      rootDir: 'src',
      types: [],
      skipLibCheck: true,
    };
    await sandbox.writeFile('package/package.json', JSON.stringify(manifest));
    await sandbox.writeFile('package/tsconfig.json', JSON.stringify({ compilerOptions, include: ['src'] }));
    await sandbox.writeFile('package/src/adapter.ts', source('one'));
    const modules = join(sandbox.root, 'package/node_modules');
    await mkdir(join(modules, '@automate'), { recursive: true });
    await mkdir(join(modules, '.bin'));
    await symlink(repositoryPath('packages/sdk'), join(modules, '@automate/sdk'));
    await symlink(repositoryPath('node_modules/.bin/tsc'), join(modules, '.bin/tsc'));
    await symlink(repositoryPath('node_modules/typescript'), join(modules, 'typescript'));
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  it('answers each line by what was saved before it, and goes on through a build that fails and a version that is worse', async () => {
    const save = (text: string) => sandbox.writeFile('package/src/adapter.ts', text);
    await using dev = await openDev(sandbox.root);
    expect(await dev.ask('tell')).toStrictEqual({ word: 'one' });

    await save(source('two'));
    expect(await dev.ask('words tell {"a":1}')).toStrictEqual({ word: 'two' });

    await save(source('three').replace('const word: string = "three"', 'const word: string = 3'));
    expect(await dev.ask('tell')).toStrictEqual({ word: 'two' });
    expect(dev.said()).toMatch(/src\/adapter\.ts[(:]3[,:]\d+.*error TS2322/);

    await save(source('four', "throw new Error('no way in');"));
    expect(await dev.ask('tell')).toStrictEqual({ word: 'two' });
    expect(dev.said()).toMatch(/held back: @acme\/connector-words.*no way in/);

    await save(source('five'));
    expect(await dev.ask('tell')).toStrictEqual({ word: 'five' });

    dev.tell('tel');
    await eventually(() => dev.said().includes('(did you mean "tell"?)'));
    expect(await dev.end()).toBe(0);
    expect((await readdir(tmpdir())).filter((name) => name.startsWith('automate-dev-'))).toStrictEqual([]);
  });

  it('refuses a folder that holds no package of a connector', async () => {
    const child = spawn(process.execPath, [AUTOMATE, 'dev', '.'], { cwd: sandbox.root, env: plainEnvironment() });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    expect((await once(child, 'close'))[0]).toBe(2);
    expect(said).toMatch(/package\.json: it declares no automate\.connectors/);
  });
});
