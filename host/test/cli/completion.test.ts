import { chmod, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import { AUTOMATE, CliProject, plainEnvironment } from './fixtures/cli-project.ts';
import type { ServingHost } from './fixtures/serving-host.ts';
import { Terminal } from './fixtures/terminal.ts';

const YAML = `
connectors:
  - { id: echo, settings: { greeting: hi } }
  - { id: ecology, kind: echo }
  - { id: other.one, kind: echo }
profiles:
  production: { kind: echo }
`;

const ODD = "connector-it's(odd)";

/** How each shell is started without what its user has set up, and what it reads first. */
const SHELLS = {
  bash: { start: 'bash --norc --noprofile -i', load: 'source <(automate completion bash)' },
  zsh: { start: 'zsh -f -i', load: 'autoload -Uz compinit && compinit -D -u && source <(automate completion zsh)' },
  fish: { start: 'fish --no-config -i', load: 'automate completion fish | source' },
} as const;

describe('completion', () => {
  let project: CliProject;
  let host: ServingHost;
  beforeAll(async () => {
    project = await CliProject.open({ kinds: ['echo'], yaml: YAML });
    await project.sandbox.addPackage({ name: ODD, packageJson: { automate: { connectors: { odd: './nowhere.js' } } } });
    await project.sandbox.addConnector({
      name: '@acme/connector-mine',
      kind: 'mine',
      source: 'export default class {}',
    });
    // Commands are not run, but shown as the shell gives them.
    await project.sandbox.writeFile(
      'bin/automate',
      `#!/bin/sh\ncase "$1" in completion) exec "${process.execPath}" "${AUTOMATE}" "$@";; esac\nexec "${process.execPath}" -e 'console.log("GIVEN " + JSON.stringify(process.argv.slice(1)))' -- "$@"\n`,
    );
    await chmod(join(project.root, 'bin/automate'), 0o755);
    await writeFile(join(project.root, 'a file.json'), '{}');
    host = await project.start();
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await project[Symbol.asyncDispose]();
  });

  async function complete(...words: readonly string[]): Promise<readonly string[]> {
    const { stdout, stderr, status } = await project.automate(['completion', 'fish', '--complete', '--', ...words]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0] ?? '']));
  }

  it.each([
    ['commands', ['conn'], ['connectors']],
    ['commands of a group', ['connectors', 'de'], ['describe']],
    ['options of the command and of all', ['execute', 'echo', '--'], ['--input', '--timeout', '--json', '--address']],
    ['values of an option', ['connectors', 'list', '--type', 'mes'], ['messaging']],
    ['values of an option in one word', ['connectors', 'list', '--type=mes'], ['--type=messaging']],
    ['ids', ['connectors', 'get', 'ec'], ['echo', 'ecology']],
    ['ids after options', ['--json', 'execute', '--timeout', '3s', 'other'], ['other.one']],
    ['actions of that connector', ['execute', 'echo', 'sa'], ['say']],
    ['plugins', ['plugins', 'remove', '@acme/'], ['@acme/connector-mine']],
    ['kinds', ['plugins', 'describe', ''], ['echo', 'mine']],
    ['profiles', ['profiles', 'remove', ''], ['production']],
    ['shells', ['completion', ''], ['bash', 'zsh', 'fish']],
  ])('knows %s', async (_what, words, wanted) => {
    expect(await complete(...words)).toEqual(expect.arrayContaining(wanted));
  });

  it('offers nothing where nobody knows, where no host answers, and where a word is there already', async () => {
    expect(await complete('outcomes', 'get', 'echo', '')).toEqual([]);
    expect(await complete('connectors', 'get', '--data-dir', 'nowhere', '')).toEqual([]);
    expect(await complete('connectors', 'get', '--address', '127.0.0.1:1', '')).toEqual([]);
    expect(await complete('connectors', 'get', 'echo', '')).toEqual([]);
    expect(await complete('plugins', 'verify', ODD, 'connector-i')).toEqual([]);
  });

  for (const [shell, { start, load }] of Object.entries(SHELLS)) {
    const needs = {
      name: shell,
      available: () => isOnPath(shell) && isOnPath('script'),
      remedy: `apt-get install ${shell}`,
    };
    describeWith(needs, `by ${shell}`, () => {
      it('is understood, names that need quoting included', async () => {
        const env: Record<string, string> = {
          ...plainEnvironment(),
          HOME: project.root,
          PS1: 'READY> ',
          PROMPT: 'READY> ',
        };
        await using terminal = new Terminal(start, {
          cwd: project.root,
          env: { ...env, PATH: `${project.root}/bin${delimiter}${env['PATH']}` },
        });
        terminal.type(`${load} && echo LOA''DED\n`);
        await terminal.waitFor(/LOADED\r?\n/);
        const typed = async (line: string): Promise<unknown> => {
          terminal.type(line);
          // What was completed is there once the shell has drawn it.
          const [, given = ''] = await terminal.waitFor(/GIVEN (\[.*?\])\r?\n/);
          return JSON.parse(given);
        };
        expect(await typed('automate connec\tget oth\t\n')).toEqual(['connectors', 'get', 'other.one']);
        expect(await typed("automate execute echo sa\t--inp\t'{}'\n")).toEqual([
          'execute',
          'echo',
          'say',
          '--input',
          '{}',
        ]);
        expect(await typed('automate plugins verify @acme/\t\n')).toEqual([
          'plugins',
          'verify',
          '@acme/connector-mine',
        ]);
        expect(await typed('automate plugins verify connector-i\t\n')).toEqual(['plugins', 'verify', ODD]);
        expect(await typed('automate plugins verify "connector-i\t\n')).toEqual(['plugins', 'verify', ODD]);
        expect(await typed('automate connectors list --type=mes\t\n')).toEqual([
          'connectors',
          'list',
          '--type=messaging',
        ]);
        expect(await typed('automate secrets open-copy a\\ f\t\n')).toEqual(['secrets', 'open-copy', 'a file.json']);
      });
    });
  }
});
