import { Argument, Option } from 'commander';
import type { Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { complete } from '../completion/complete.ts';
import type { Shell } from '../completion/shells.ts';
import { formatCandidates, SCRIPTS, SHELLS } from '../completion/shells.ts';
import { splitLine } from '../completion/split-line.ts';

/** How long a host may take to name what it has, in milliseconds: somebody waits at the keyboard. */
const ANSWER_MS = 1_000;

/** What the scripts of shells pass. */
interface CompletionOptions {
  readonly complete?: true;
  readonly word?: string;
}

/** `automate completion SHELL` */
export function addCompletionCommand(program: Command, context: CliContext): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'for which shell').choices(SHELLS))
    .argument('[words...]')
    .usage('[options] <shell>')
    .addOption(new Option('--complete').hideHelp())
    .addOption(new Option('--word <text>').hideHelp())
    .description('print what a shell reads to complete commands, options and names of the running host')
    .action(async (shell: Shell, given: readonly string[], options: CompletionOptions) => {
      if (options.complete === undefined) return context.out(SCRIPTS[shell].trimEnd());
      const line = shell === 'bash' ? splitLine(given[0] ?? '') : undefined;
      const candidates = await complete(program, line?.words.slice(1) ?? unquoted(shell, given), (typed, work) =>
        context.askRunning(typed, ANSWER_MS, work),
      );
      const replaced = line && { ...line, replaced: options.word ?? '' };
      for (const candidate of formatCandidates(shell, candidates, replaced)) context.out(candidate);
    });
}

/** zsh passes words as they were typed, fish without their quotes. */
function unquoted(shell: Shell, words: readonly string[]): readonly string[] {
  return shell === 'zsh' ? words.map((word) => splitLine(word).words.at(-1) ?? '') : words;
}
