import { readFileSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import { describeProblem } from '@automate/contract';
import { cancel, intro, isCancel, outro, select, text } from '@clack/prompts';
import { Command } from 'commander';
import type { Ask } from './collect-answers.ts';
import { collectAnswers } from './collect-answers.ts';
import type { Answers, Question } from './questions.ts';
import { QUESTIONS } from './questions.ts';
import { renderPackage } from './render-package.ts';
import { writeNewFolder } from './write-new-folder.ts';

/** Exit codes: as everywhere, and as the host's command line has them. */
const FAILED = 1;
const USAGE = 2;

/** Runs the command line of this process and sets its exit code. */
export async function run(): Promise<void> {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const program = new Command('create-connector')
    .description('Writes a connector package that builds, tests and publishes at once. Asks for what no flag says.')
    .version(version)
    .argument(
      '[directory]',
      'where to write it: a folder that is not there yet, or is empty (default: the name without its scope)',
    )
    .option('-y, --yes', 'ask nothing: what no flag says is as suggested')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : USAGE));
  for (const { flag, words, choices } of QUESTIONS) {
    const values = choices === undefined ? '' : ` (${Object.keys(choices).join(', ')})`;
    program.option(`${flag} <${flag.slice(2)}>`, `${words}${values}`);
  }
  program.parse();
  process.exitCode = await create(program.args[0], program.opts());
}

async function create(
  directory: string | undefined,
  options: Partial<Answers> & { readonly yes?: boolean },
): Promise<number> {
  const { yes = false, ...flags } = options;
  const folderName = directory === undefined ? undefined : basename(resolve(directory));
  const runBy = process.env['npm_config_user_agent']?.split('/')[0];
  // Without a terminal a prompt never ends.
  const atTerminal = process.stdin.isTTY && process.stdout.isTTY && !yes;
  if (atTerminal) intro('A new connector');
  const collected = await collectAnswers({
    known: { ...flags, ...(folderName === undefined ? {} : { folderName }), ...(runBy === undefined ? {} : { runBy }) },
    takeSuggestions: yes,
    ...(atTerminal ? { ask } : {}),
  });
  if ('givenUp' in collected) {
    cancel('Nothing was written.');
    return FAILED;
  }
  if ('problems' in collected) {
    console.error(
      ['Nothing was written:', ...collected.problems.map((problem) => `  ${describeProblem(problem)}`)].join('\n'),
    );
    return USAGE;
  }
  const { answers } = collected;
  const folder = resolve(directory ?? answers.name.replace(/^.*\//, ''));
  try {
    writeNewFolder(folder, renderPackage(answers));
  } catch (error) {
    console.error(`Nothing was written: ${(error as Error).message}`);
    return FAILED;
  }
  const said = nextSteps(relative(process.cwd(), folder), answers);
  if (atTerminal) outro(said);
  else console.log(said);
  return 0;
}

const ask: Ask = async (question, suggested) => {
  const { words, choices } = question;
  const message = words.charAt(0).toUpperCase() + words.slice(1);
  const answer =
    choices === undefined
      ? await text({
          message,
          ...(suggested === undefined ? {} : { initialValue: suggested }),
          validate: fault(question),
        })
      : await select({
          message,
          options: Object.entries(choices).map(([value, hint]) => ({ value, hint })),
          ...(suggested === undefined ? {} : { initialValue: suggested }),
        });
  return isCancel(answer) ? undefined : answer;
};

const fault =
  ({ faults }: Question) =>
  (value = ''): string | undefined => {
    const wanted = faults(value);
    return wanted.length === 0 ? undefined : `Wanted: ${wanted.join('; ')}`;
  };

function nextSteps(place: string, { packageManager, template, kind }: Answers): string {
  return [
    `Wrote ${place === '' ? 'this folder' : place}: the kind ${kind}, from the template ${template}. Next:`,
    ...(place === '' ? [] : [`  cd ${place}`]),
    `  ${packageManager} install`,
    `  ${packageManager} run build`,
    `  ${packageManager} run lint`,
    `  ${packageManager} test`,
    'Its README.md has the rest.',
  ].join('\n');
}
