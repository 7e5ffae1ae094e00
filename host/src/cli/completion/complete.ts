import type { CallOptions, ConnectorService } from '@automate/contract';
import type { Argument, Command, Option } from 'commander';

export interface Candidate {
  readonly value: string;
  /** What it is, in a few words, for shells that show that. */
  readonly about: string;
}

type Ask = (service: ConnectorService, call: CallOptions) => Promise<readonly Candidate[]>;

/** Asks the service that runs, as those options name it that were typed; undefined where none answers in time. */
export type AskRunning = (
  typed: Readonly<Record<string, string>>,
  work: Ask,
) => Promise<readonly Candidate[] | undefined>;

/** What may be typed in place of the last word: commands, options, their values, and names that the running host knows. */
export async function complete(
  program: Command,
  words: readonly string[],
  ask: AskRunning,
): Promise<readonly Candidate[]> {
  const typed = readTyped(program, words.slice(0, -1));
  const partial = words.at(-1) ?? '';
  const candidates = await candidatesFor({ ...typed, partial, ask });
  return candidates
    .filter(({ value }) => value.startsWith(partial))
    .map(({ value, about }) => ({ value, about: firstLine(about) }));
}

interface Typed {
  readonly command: Command;
  /** Arguments of the command so far. */
  readonly args: readonly string[];
  /** The option whose value comes next. */
  readonly pending: Option | undefined;
  /** Values of options, by their names in code. */
  readonly values: Readonly<Record<string, string>>;
  /** What follows are arguments, whatever they look like. */
  readonly onlyArguments: boolean;
}

function readTyped(program: Command, words: readonly string[]): Typed {
  let command = program;
  let pending: Option | undefined;
  let onlyArguments = false;
  const args: string[] = [];
  const values: Record<string, string> = {};
  for (const word of words) {
    if (pending !== undefined) {
      values[pending.attributeName()] = word;
      pending = undefined;
    } else if (onlyArguments || !word.startsWith('-') || word === '-') {
      const next = args.length > 0 ? undefined : command.commands.find((each) => each.name() === word);
      if (next === undefined) args.push(word);
      else command = next;
    } else if (word === '--') onlyArguments = true;
    else {
      const { option, value } = readOption(command, word);
      if (option !== undefined && value !== undefined) values[option.attributeName()] = value;
      else if (option?.required === true) pending = option;
    }
  }
  return { command, args, pending, values, onlyArguments };
}

function readOption(command: Command, word: string): { readonly option: Option | undefined; readonly value?: string } {
  const [flag = '', ...value] = word.split('=');
  const option = optionsOf(command).find(({ long, short }) => flag === long || flag === short);
  return value.length === 0 ? { option } : { option, value: value.join('=') };
}

function optionsOf(command: Command): readonly Option[] {
  const above = command.parent === null ? [] : optionsOf(command.parent);
  return [...command.createHelp().visibleOptions(command), ...above];
}

interface Place extends Typed {
  readonly partial: string;
  readonly ask: AskRunning;
}

async function candidatesFor(place: Place): Promise<readonly Candidate[]> {
  const { command, args, pending, partial, onlyArguments } = place;
  if (pending !== undefined) return valuesOf(pending, place);
  if (!onlyArguments && partial.startsWith('-')) return optionCandidates(command, place);
  if (args.length === 0 && command.commands.length > 0)
    return command
      .createHelp()
      .visibleCommands(command)
      .map((each) => ({ value: each.name(), about: each.description() }));
  const { registeredArguments } = command;
  const argument = registeredArguments[args.length] ?? registeredArguments.findLast(({ variadic }) => variadic);
  if (argument === undefined) return [];
  // What was typed already is no candidate once more.
  return (await argumentCandidates(argument, place)).filter(
    ({ value }) => !(argument.variadic && args.includes(value)),
  );
}

async function optionCandidates(command: Command, place: Place): Promise<readonly Candidate[]> {
  const { option, value } = readOption(command, place.partial);
  if (value !== undefined)
    return option === undefined
      ? []
      : (await valuesOf(option, place)).map((each) => ({ ...each, value: `${option.long}=${each.value}` }));
  const options = optionsOf(command).flatMap(({ long, description }) =>
    long === undefined ? [] : [{ value: long, about: description }],
  );
  return [...new Map(options.map((each) => [each.value, each])).values()];
}

/** What the values of an option are, where they are not said with it. */
const OPTION_VALUES: Readonly<Record<string, keyof typeof SOURCES>> = { connector: 'connectors', scope: 'scopes' };

async function valuesOf(option: Option, place: Place): Promise<readonly Candidate[]> {
  if (option.argChoices !== undefined) return option.argChoices.map((value) => ({ value, about: '' }));
  const source = OPTION_VALUES[option.attributeName()];
  return source === undefined ? [] : SOURCES[source](place);
}

async function argumentCandidates(argument: Argument, place: Place): Promise<readonly Candidate[]> {
  if (argument.argChoices !== undefined) return argument.argChoices.map((value) => ({ value, about: '' }));
  const source = sourceOf(place.command, argument);
  return source === undefined || source === 'files' ? [] : SOURCES[source](place);
}

/** Where the candidates for an argument come from, by its group and name; undefined where nobody knows them before. */
export function sourceOf(command: Command, argument: Argument): keyof typeof SOURCES | 'files' | undefined {
  const name = argument.name();
  return ARGUMENTS[`${groupOf(command)} ${name}`] ?? ARGUMENTS[name];
}

const ARGUMENTS: Readonly<Record<string, keyof typeof SOURCES | 'files'>> = {
  action: 'actions',
  dir: 'files',
  'executions id': 'executions',
  file: 'files',
  id: 'connectors',
  kind: 'kinds',
  'namespace/name': 'secrets',
  package: 'plugins',
  'plugins name': 'plugins',
  'plugins spec': 'plugins',
  'profiles name': 'profiles',
  'schedules name': 'schedules',
  'tokens id': 'tokens',
};

function groupOf(command: Command): string {
  const { parent } = command;
  return parent === null || parent.parent === null ? command.name() : groupOf(parent);
}

async function fromService(place: Place, work: Ask): Promise<readonly Candidate[]> {
  return (await place.ask(place.values, work)) ?? [];
}

const SOURCES = {
  connectors: (place: Place) =>
    fromService(place, async (service, call) =>
      (await service.list({}, call)).map(({ id, kind, status }) => ({ value: id, about: `${kind}, ${status}` })),
    ),
  actions: (place: Place) =>
    fromService(place, async (service, call) => {
      const { actions } = await service.describe(place.args[0] ?? '', call);
      return actions.map(({ name, description }) => ({ value: name, about: description }));
    }),
  executions: (place: Place) =>
    fromService(place, async (service, call) =>
      (await service.listExecutions({}, call)).executions.map(({ id, connector, action, status }) => ({
        value: id,
        about: `${connector} ${action}, ${status}`,
      })),
    ),
  kinds: (place: Place) =>
    fromService(place, async (service, call) =>
      (await service.plugins(call)).plugins
        .filter(({ status }) => status === 'admitted' || status === 'held_back')
        .flatMap((each) => each.kinds.map((kind) => ({ value: kind, about: each.package }))),
    ),
  plugins: (place: Place) =>
    fromService(place, async (service, call) =>
      (await service.plugins(call)).plugins.map((each) => ({
        value: each.package,
        about: `${each.version ?? ''} ${each.status}`.trim(),
      })),
    ),
  profiles: (place: Place) =>
    fromService(place, async (service, call) =>
      (await service.listProfiles(call)).map(({ name, kind }) => ({ value: name, about: kind })),
    ),
  schedules: (place: Place) =>
    fromService(place, async (service, call) =>
      (await service.listSchedules(call)).map(({ name, connector, action, cron }) => ({
        value: name,
        about: `${connector} ${action}, ${cron}`,
      })),
    ),
  secrets: (place: Place) =>
    fromService(place, async (service, call) =>
      (await service.listSecrets(call)).map(({ namespace, name }) => ({ value: `${namespace}/${name}`, about: '' })),
    ),
  tokens: (place: Place) =>
    fromService(place, async (service, call) =>
      (await service.listTokens(call)).map(({ id, name }) => ({ value: id, about: name })),
    ),
  scopes: async () => ['read', 'execute', 'manage', 'secrets', 'admin'].map((value) => ({ value, about: '' })),
};

/** Shells show one line for each. */
function firstLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
