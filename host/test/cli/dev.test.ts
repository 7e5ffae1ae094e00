import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PluginSandbox } from '@automate/testing';
import { eventually } from '@automate/tooling/eventually';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import { AUTOMATE, plainEnvironment, repositoryPath } from './fixtures/cli-project.ts';

const source = (word: string, more = ''): string => `
import { action, ConnectorAdapter } from '@automate/sdk';
const word: string = ${JSON.stringify(word)};
/** What a compiler leaves out, so that what follows is elsewhere in what it makes. */
interface Telling {
  readonly fails?: boolean;
}
const anything = { schema: { '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) } }, jsonSchema: { type: 'object' } };
export default class Words extends ConnectorAdapter {
  readonly name = 'words';
  readonly version = '1.0.0';
  override actions = {
    tell: action({ description: 'Tells a word.', input: anything, sideEffects: false, idempotent: true, run: (told) => this.#tell(told as Telling) }),
  };
  #tell({ fails = false }: Telling): { readonly word: string } {
    if (fails) throw new TypeError('broken on purpose');
    return { word };
  }
  async connect(): Promise<boolean> {
    ${more}
    return true;
  }
}
`;

/** The line of the source that throws. */
const THROWS =
  source('any')
    .split('\n')
    .findIndex((line) => line.includes('broken on purpose')) + 1;

/** `automate dev` over a package, as a program that writes lines to it. */
async function openDev(root: string, folder = 'package') {
  const env = { ...plainEnvironment(), TMPDIR: join(root, 'tmp') };
  const child = spawn(process.execPath, [AUTOMATE, 'dev', folder], { cwd: root, env });
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

const manifest = {
  name: '@acme/connector-words',
  version: '1.0.0',
  type: 'module',
  engines: { automate: '^1.0.0' },
  scripts: { build: 'tsc -p .' },
  automate: { connectors: { words: { entry: './dist/adapter.js' } } },
};

describe('automate dev', () => {
  let sandbox: PluginSandbox;
  beforeAll(async () => {
    sandbox = await PluginSandbox.create();
    const compilerOptions = {
      strict: true,
      module: 'nodenext',
      target: 'esnext',
      outDir: 'dist',
      rootDir: 'src',
      types: [],
      skipLibCheck: true,
      sourceMap: true,
    };
    await sandbox.writeFile('package/package.json', JSON.stringify(manifest));
    await sandbox.writeFile('package/tsconfig.json', JSON.stringify({ compilerOptions, include: ['src'] }));
    await sandbox.writeFile('package/src/adapter.ts', source('one'));
    const modules = join(sandbox.root, 'package/node_modules');
    await mkdir(join(modules, '@automate'), { recursive: true });
    await mkdir(join(modules, '.bin'));
    await mkdir(join(sandbox.root, 'tmp'));
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

    dev.tell('tell {"fails":true}');
    const place = join(sandbox.root, `package/src/adapter.ts:${THROWS}:`);
    await eventually(() => dev.said().includes('INTERNAL_ERROR: broken on purpose'));
    await eventually(() => dev.said().includes(`#tell (${place}`));

    await save(source('six').replace('const word', "throw new Error('not even loaded');\nconst word"));
    expect(await dev.ask('tell')).toStrictEqual({ word: 'five' });
    expect(dev.said()).toContain(`held back: @acme/connector-words`);
    expect(dev.said()).toContain(`loading the adapter failed at ${join(sandbox.root, 'package/src/adapter.ts')}:3: `);

    dev.tell('tel');
    await eventually(() => dev.said().includes('(did you mean "tell"?)'));
    expect(await dev.end()).toBe(0);
    const left = await readdir(join(sandbox.root, 'tmp'));
    expect(left.filter((name) => name.startsWith('automate-dev-'))).toStrictEqual([]);
  });

  it('runs a package that has no build as its author wrote it, and names the places there', async () => {
    await sandbox.writeFile('stripped/src/adapter.ts', source('plain'));
    const { scripts: _scripts, ...plain } = manifest;
    const kinds = { words: { entry: './src/adapter.ts' } };
    await sandbox.writeFile('stripped/package.json', JSON.stringify({ ...plain, automate: { connectors: kinds } }));
    await symlink(join(sandbox.root, 'package/node_modules'), join(sandbox.root, 'stripped/node_modules'));
    // Its own configuration, where it has one.
    const connectors = [
      { id: 'first', kind: 'words' },
      { id: 'second', kind: 'words' },
    ];
    await sandbox.writeFile('stripped/connectors.yaml', JSON.stringify({ connectors }));
    await using dev = await openDev(sandbox.root, 'stripped');
    expect(await dev.ask('second tell')).toStrictEqual({ word: 'plain' });
    await sandbox.writeFile('stripped/src/adapter.ts', source('written'));
    expect(await dev.ask('second tell')).toStrictEqual({ word: 'written' });
    dev.tell('first tell {"fails":true}');
    await eventually(() => dev.said().includes(`stripped/src/adapter.ts:${THROWS}:`));
  });

  it('refuses a folder that holds no package of a connector', async () => {
    const child = spawn(process.execPath, [AUTOMATE, 'dev', '.'], { cwd: sandbox.root, env: plainEnvironment() });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    expect((await once(child, 'close'))[0]).toBe(2);
    expect(said).toMatch(/package\.json: it declares no automate\.connectors/);
  });

  describeWith({ name: 'script', available: () => isOnPath('script') }, 'at a terminal', () => {
    const UP = '\u001b[A';

    it('prompts, takes up the line before, answers, says what is wrong, and ends with "exit"', async () => {
      await sandbox.writeFile('package/src/adapter.ts', source('typed'));
      const command = `stty cols 160 rows 40; "${process.execPath}" "${AUTOMATE}" dev package`;
      const env = { ...plainEnvironment(), TERM: 'xterm', NO_COLOR: '1' };
      const terminal = spawn('script', ['-qefc', command, '/dev/null'], { cwd: sandbox.root, env });
      let screen = '';
      terminal.stdout.on('data', (chunk: Buffer) => (screen += chunk.toString()));
      /** Types once the prompt stands there, and waits for what must then be on the screen. */
      const type = async (keys: string, shown: string): Promise<void> => {
        await eventually(() => /> (\u001b\[3G)?$/.test(screen));
        screen = '';
        terminal.stdin.write(keys);
        await eventually(() => screen.includes(shown) || terminal.exitCode !== null);
        expect(screen).toContain(shown);
      };
      try {
        await type('tell\r', '{"word":"typed"}');
        await type(`${UP}\r`, '{"word":"typed"}');
        await type('actions\r', 'words tell');
        await type('tell {"fails"\r', 'INVALID_INPUT');
        await type('exit\r', 'exit');
        await eventually(() => terminal.exitCode !== null);
        expect(terminal.exitCode).toBe(0);
      } finally {
        terminal.kill();
      }
    });
  });
});
