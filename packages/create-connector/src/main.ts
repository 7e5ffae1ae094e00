import { readFileSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import type { Problem } from '@automate/contract';
import { describeProblem } from '@automate/contract';
import { autocompleteMultiselect, cancel, intro, isCancel, log, outro, select, text } from '@clack/prompts';
import { Command } from 'commander';
import type { Ask } from './collect-answers.ts';
import { collectAnswers } from './collect-answers.ts';
import type { Answers, Question } from './questions.ts';
import { QUESTIONS } from './questions.ts';
import type { AskOperations } from './openapi/read-operations.ts';
import { readOperations } from './openapi/read-operations.ts';
import type { RenderedOperations } from './openapi/render-operations.ts';
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
  program.option(
    '--operations <operations>',
    'which operations of the document become actions: names of actions, operation ids or "GET /path", separated by commas, * for anything',
  );
  program.parse();
  process.exitCode = await create(program.args[0], program.opts());
}

async function create(
  directory: string | undefined,
  options: Partial<Answers> & { readonly yes?: boolean; readonly operations?: string },
): Promise<number> {
  const { yes = false, operations: patterns, ...flags } = options;
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
  if ('givenUp' in collected) return giveUp();
  if ('problems' in collected) return refuse(collected.problems);
  const { answers } = collected;
  const read = await readOperations({
    document: answers.document,
    patterns,
    takeSuggestions: yes,
    ...(atTerminal ? { ask: askOperations } : {}),
  });
  if ('givenUp' in read) return giveUp();
  if ('problem' in read) return refuse([read.problem]);
  const { operations } = read;
  const folder = resolve(directory ?? answers.name.replace(/^.*\//, ''));
  try {
    writeNewFolder(folder, renderPackage(answers, operations));
  } catch (error) {
    console.error(`Nothing was written: ${(error as Error).message}`);
    return FAILED;
  }
  const remarks = operations === undefined ? [] : remarksOn(operations);
  for (const remark of remarks)
    if (atTerminal) log.warn(remark);
    else console.error(remark);
  const said = nextSteps(relative(process.cwd(), folder), answers);
  if (atTerminal) outro(said);
  else console.log(said);
  return 0;
}

function giveUp(): number {
  cancel('Nothing was written.');
  return FAILED;
}

function refuse(problems: readonly Problem[]): number {
  console.error(['Nothing was written:', ...problems.map((problem) => `  ${describeProblem(problem)}`)].join('\n'));
  return USAGE;
}

/** What an author should know of a package that was made from a document. */
function remarksOn({ actions, leftOut, madeUp }: RenderedOperations): readonly string[] {
  return [
    ...leftOut.map(({ operation, reason }) => `Left out: ${operation}: ${reason}`),
    ...(madeUp.length === 0
      ? []
      : [
          `The document has no examples that fit for ${madeUp.length} of ${actions.length} actions: their test/fixtures were made up from the schemas`,
        ]),
  ];
}

const askOperations: AskOperations = async (choices) => {
  const answer = await autocompleteMultiselect({
    message: 'Operations that become actions',
    options: choices.map(({ name, words }) => ({ value: name, label: name, hint: words })),
    maxItems: 12,
    required: true,
  });
  return isCancel(answer) ? undefined : answer;
};

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
    `  ${packageManager} run dev`,
    'The last one runs it in a host, anew with every change. Its README.md has the rest.',
  ].join('\n');
}
