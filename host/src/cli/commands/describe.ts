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
  const { kind, title, version, package: from, actions, open, configSchema } = description;
  const source = from === undefined ? `version ${version}` : `${from.name} ${from.version}`;
  const head = `${context.style('bold', id)}: ${title ?? kind} (kind ${kind}, ${source})`;
  const rows = actions.map((action) => [action.name, effectOf(action), takesOf(action), action.description]);
  return [
    head,
    ...(description.description === undefined ? [] : [description.description]),
    '',
    open
      ? 'It takes any action, and describes none.'
      : context.table(['ACTION', 'EFFECT', 'TAKES', 'DESCRIPTION'], rows),
    ...section(context, 'Settings', configSchema),
    ...(actions.length === 0 ? [] : ['', `automate connectors describe ${id} ACTION shows one of them whole`]),
  ].join('\n');
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
