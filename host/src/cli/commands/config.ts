import type { ConfigPlan, ConfigText, PlannedConnector } from '@automate/contract';
import { describeProblem } from '@automate/contract';
import { configPlanView, exportedConfigView } from '@automate/contract/http';
import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import { decodeArgument } from '../read-argument.ts';

/** `automate plan`, `automate apply`, `automate export` */
export function addConfigCommands(program: Command, context: CliContext): void {
  program
    .command('plan')
    .argument('[file]', "a configuration, - for standard input; default: what the host's own file holds now")
    .description('compare a configuration with what runs, and try out what would be new; changes nothing')
    .addHelpText(
      'after',
      '\nEnds with 0 where nothing would change, 3 where something would, 78 where something is wrong with it.\n\nExample:\n  automate plan new.yaml && echo nothing to do',
    )
    .action(async (file: string | undefined, _options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const text = await readText(context, file);
      const plan = await context.withService(rest, 'planning', (service, call) => service.planConfig(text, call));
      context.out(json === true ? JSON.stringify(configPlanView(plan), undefined, 2) : formatPlan(context, plan));
      if (plan.problems.length > 0) throw new CliExit(EXIT.badConfig, describeFaults(plan.problems.length));
      if (isChange(plan)) throw new CliExit(EXIT.changes, 'it would change what runs: "automate apply" does it');
    });

  program
    .command('apply')
    .argument('[file]', "a configuration, - for standard input; default: what the host's own file holds now")
    .description("put a configuration to work and in the place of the host's file, all of it or nothing")
    .addHelpText(
      'after',
      '\nEnds with 78 where something is wrong with it; everything is as it was then.\n\nExample:\n  automate apply new.yaml',
    )
    .action(async (file: string | undefined, _options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const text = await readText(context, file);
      const plan = await context.withService(rest, 'applying', (service, call) => service.applyConfig(text, call));
      context.out(json === true ? JSON.stringify(configPlanView(plan), undefined, 2) : formatPlan(context, plan));
    });

  program
    .command('export')
    .description('print connectors and profiles that were set over the API, as a configuration file has them')
    .addHelpText('after', '\nExample:\n  automate export > registered.yaml')
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const exported = await context.withService(rest, 'exporting', (service, call) => service.exportConfig(call));
      const text = exported.yaml.trimEnd();
      context.out(json === true ? JSON.stringify(exportedConfigView(exported), undefined, 2) : text);
    });
}

async function readText(context: CliContext, file: string | undefined): Promise<ConfigText> {
  if (file === undefined) return {};
  const bytes = file === '-' ? await context.readInput() : await readNamed(context, file);
  const name = file === '-' ? 'standard input' : file;
  return { yaml: decodeArgument(bytes, name, 'the configuration'), name };
}

async function readNamed(context: CliContext, file: string): Promise<Uint8Array> {
  try {
    return await context.readFile(file);
  } catch (error) {
    throw new CliExit(EXIT.usage, `${file} cannot be read: ${(error as Error).message}`);
  }
}

function isChange({ connectors, sections }: ConfigPlan): boolean {
  return connectors.length > 0 || sections.length > 0;
}

function describeFaults(count: number): string {
  return count === 1 ? 'one thing is wrong with it' : `${count} things are wrong with it`;
}

function formatPlan(context: CliContext, plan: ConfigPlan): string {
  const lines = [
    ...plan.connectors.map((planned) => formatPlanned(context, planned)),
    ...plan.sections.map((section) => `~ ${section}`),
    ...plan.warnings.map((warning) => `${context.style('yellow', 'warning')} ${warning}`),
    ...plan.problems.map((problem) => `${context.style('red', 'fault')} ${describeProblem(problem)}`),
  ];
  const unchanged = plan.unchanged === 1 ? '1 connector stays' : `${plan.unchanged} connectors stay`;
  if (plan.problems.length > 0 && plan.connectors.length === 0) return lines.join('\n');
  return [...lines, isChange(plan) ? `${unchanged} as they are` : `no change; ${unchanged} as they are`].join('\n');
}

const SIGNS = { added: '+', changed: '~', restarted: '↻', removed: '-' } as const;

function formatPlanned(context: CliContext, { id, change, keys, trial }: PlannedConnector): string {
  const what = keys.length === 0 ? change : `${change}: ${keys.join(', ')}`;
  if (trial === undefined) return `${SIGNS[change]} ${id}  ${what}`;
  const found = trial.blame === undefined ? trial.message : `${trial.message} (${trial.blame})`;
  return `${SIGNS[change]} ${id}  ${what}; ${context.style(trial.status === 'healthy' ? 'green' : 'red', trial.status)}: ${found}`;
}
