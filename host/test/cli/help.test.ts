import { describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { buildProgram } from '../../src/cli/build-program.ts';
import type { CliContext } from '../../src/cli/cli-context.ts';
import { sourceOf } from '../../src/cli/completion/complete.ts';
import { splitLine } from '../../src/cli/completion/split-line.ts';

/** The commands, of which none does anything, and what they print. */
function openProgram(): { readonly program: Command; readonly printed: string[] } {
  const printed: string[] = [];
  const note = (text: string): void => void printed.push(text);
  // Nothing is run: commands only print their help.
  const program = buildProgram({ out: note, err: note } as unknown as CliContext, '1.0.0', { json: false });
  return { program, printed };
}

function commandsOf(command: Command, path: readonly string[] = []): readonly (readonly [string, Command])[] {
  const below = command.commands.flatMap((each) => commandsOf(each, [...path, each.name()]));
  return path.length === 0 ? below : [[path.join(' '), command], ...below];
}

/** The lines of the help below "Examples". */
function examplesOf(path: string): readonly string[] {
  const { program, printed } = openProgram();
  const command = new Map(commandsOf(program)).get(path);
  command?.outputHelp();
  const [, examples = ''] = printed.join('\n').split(/^Examples?:\n/m);
  return examples.split('\n').flatMap((line) => (line.startsWith('  automate ') ? [line.trim()] : []));
}

const PATHS = commandsOf(openProgram().program).map(([path]) => path);

describe('the help of automate', () => {
  it.each(PATHS)('%s has examples, which are commands', async (path) => {
    const examples = examplesOf(path);
    expect(examples).not.toEqual([]);
    for (const example of examples) {
      // What stands behind is the shell's.
      const { words, quote } = splitLine(example.split(/ (?:&&|[|<>]) /)[0] ?? '');
      expect({ example, quote }).toEqual({ example, quote: '' });
      expect({ example, starts: words.slice(1).join(' ') }).toEqual({ example, starts: expect.stringContaining(path) });
      const { program, printed } = openProgram();
      const ran: string[] = [];
      // It does something itself, and has commands below it.
      for (const [name, command] of commandsOf(program))
        if (command.commands.length === 0 || name === 'hosts') command.action(() => void ran.push(name));
      await program.parseAsync(words.slice(1), { from: 'user' }).catch((error: unknown) => {
        throw new Error(`${example}: ${printed.join('\n')}`, { cause: error });
      });
      expect({ example, ran }).toEqual({ example, ran: [expect.stringMatching(new RegExp(`^${path}`))] });
    }
  });
});

describe('completion', () => {
  /** Arguments that only the user knows, by command. */
  const UNKNOWN_BEFORE = [
    'completion words',
    'outcomes get key',
    'outcomes clear key',
    'permissions learn command',
    'plugins add spec',
    'profiles set name',
    'tokens create name',
  ];

  it('knows where the candidates of every argument come from', () => {
    const without = commandsOf(openProgram().program).flatMap(([path, command]) =>
      command.registeredArguments
        .filter((argument) => argument.argChoices === undefined && sourceOf(command, argument) === undefined)
        .map((argument) => `${path} ${argument.name()}`),
    );
    const unknown = without.filter((each) => !UNKNOWN_BEFORE.includes(each));
    expect(unknown).toEqual([]);
  });
});
