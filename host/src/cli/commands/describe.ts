import type { ActionDescription, ConnectorDescription, JsonObject } from '@automate/contract';
import { didYouMean, quote, UnknownActionError } from '@automate/contract';
import { connectorDescriptionView } from '@automate/contract/http';
import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { effectOf, fieldsOf } from '../describe-schema.ts';

/** `automate connectors describe ID [ACTION]` */
export function addDescribeCommand(connectors: Command, context: CliContext): void {
  connectors
    .command('describe')
    .argument('<id>')
    .argument('[action]', 'one action, with all that it takes and answers')
    .description('show what a connector can do: its actions, what they take, and its settings')
    .action(async (id: string, action: string | undefined, _options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const description = await context.withService(rest, `describing ${id}`, (service, call) =>
        service.describe(id, call),
      );
      const one = action === undefined ? undefined : findAction(id, description, action);
      if (json === true) {
        const view = connectorDescriptionView(one === undefined ? description : { ...description, actions: [one] });
        context.out(JSON.stringify(one === undefined ? view : view.actions[0], undefined, 2));
      } else context.out(one === undefined ? tellConnector(context, id, description) : tellAction(context, id, one));
    });
}

/** `automate plugins describe KIND` */
export function addDescribeKindCommand(plugins: Command, context: CliContext): void {
  plugins
    .command('describe')
    .argument('<kind>')
    .description('show what connectors of a kind can do and what they are configured with, before there is one')
    .action(async (kind: string, _options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const description = await context.withService(rest, `describing the kind ${kind}`, (service, call) =>
        service.describeKind(kind, call),
      );
      if (json === true) context.out(JSON.stringify(connectorDescriptionView(description), undefined, 2));
      else context.out([...tellDescription(context, kind, description), '', registerWith(description)].join('\n'));
    });
}

function findAction(id: string, { actions, open }: ConnectorDescription, name: string): ActionDescription {
  const found = actions.find((each) => each.name === name);
  if (found !== undefined) return found;
  const known = actions.map((each) => each.name);
  const choice = open
    ? 'it takes any action, and describes none'
    : `it has ${known.length === 0 ? 'none' : known.join(', ')}`;
  throw new UnknownActionError(`"${id}" has no action ${quote(name)}${didYouMean(name, known)}: ${choice}`, {
    details: { reason: 'unknown_action' },
    connector: id,
  });
}

function tellConnector(context: CliContext, id: string, description: ConnectorDescription): string {
  return [
    ...tellDescription(context, id, description),
    ...(description.actions.length === 0
      ? []
      : ['', `automate connectors describe ${id} ACTION shows one of them whole`]),
  ].join('\n');
}

function tellDescription(context: CliContext, name: string, description: ConnectorDescription): readonly string[] {
  const { kind, title, version, package: from, configSchema } = description;
  const source = from === undefined ? `version ${version}` : `${from.name} ${from.version}`;
  const head = `${context.style('bold', name)}: ${title ?? kind} (kind ${kind}, ${source})`;
  return [
    head,
    ...(description.description === undefined ? [] : [description.description]),
    '',
    tellActions(context, description),
    ...section(context, 'Settings', configSchema),
  ];
}

function tellActions(context: CliContext, { actions, open, discovery }: ConnectorDescription): string {
  if (open) return 'It takes any action, and describes none.';
  if (discovery !== undefined && actions.length === 0)
    return `Its actions come from the remote system${discovery.error === undefined ? ', which each connector asks' : `: ${discovery.error}`}.`;
  const rows = actions.map((action) => [action.name, effectOf(action), takesOf(action), action.description]);
  return context.table(['ACTION', 'EFFECT', 'TAKES', 'DESCRIPTION'], rows);
}

/** What to type for the first connector of a kind, as far as that can be said. */
function registerWith({ kind, configSchema }: ConnectorDescription): string {
  const needed = fieldsOf(configSchema ?? {}).filter(({ required }) => required);
  const settings = needed.length === 0 ? '' : `, settings: { ${needed.map(({ name }) => `${name}: …`).join(', ')} }`;
  return `automate connectors register --input '{ id: …, kind: ${kind}${settings} }' adds one`;
}

function tellAction(context: CliContext, id: string, action: ActionDescription): string {
  const facts = [
    effectOf(action),
    ...(action.rateLimitClass === undefined ? [] : [`rate limit class ${action.rateLimitClass}`]),
    ...(action.timeoutMs === undefined ? [] : [`at most ${action.timeoutMs} ms`]),
  ];
  const schemas = { input: action.input, ...(action.output === undefined ? {} : { output: action.output }) };
  return [
    `${context.style('bold', `${id} ${action.name}`)}: ${facts.join(', ')}`,
    action.description,
    ...section(context, 'Takes', action.input),
    ...section(context, 'Answers', action.output),
    '',
    context.style('dim', JSON.stringify(schemas, undefined, 2)),
  ].join('\n');
}

/** The fields that it must be given, and the first of those that it may. */
function takesOf({ input }: ActionDescription): string {
  const fields = fieldsOf(input);
  const needed = fields.filter(({ required }) => required).map(({ name }) => name);
  const others = fields.filter(({ required }) => !required).map(({ name }) => `[${name}]`);
  return [...needed, ...others.slice(0, 3), ...(others.length > 3 ? ['…'] : [])].join(' ');
}

function section(context: CliContext, title: string, schema: JsonObject | undefined): readonly string[] {
  const fields = schema === undefined ? [] : fieldsOf(schema);
  if (fields.length === 0) return [];
  const rows = fields.map(({ name, required, type, description }) => [
    name,
    type,
    required ? 'required' : '',
    description,
  ]);
  return ['', context.table([title.toUpperCase(), 'TYPE', '', 'DESCRIPTION'], rows)];
}
