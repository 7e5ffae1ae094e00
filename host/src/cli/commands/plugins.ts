import type { PluginEntry, PluginReport } from '@automate/contract';
import { describeProblem, needsAction } from '@automate/contract';
import { pluginReportView } from '@automate/contract/http';
import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import type { PluginDiff, PluginOutcome, PluginRequest, VerifiedPlugin } from '../plugins/plugin-changes.ts';
import { addDescribeKindCommand } from './describe.ts';
import { describePermissions, noneFound } from '../../boot-report.ts';

/** `automate plugins …` */
export function addPluginCommands(program: Command, context: CliContext): void {
  const plugins = program.command('plugins').description('the connector packages in node_modules');

  plugins
    .command('list')
    .description('what was found, admitted and refused')
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const report = await context.withService(rest, 'listing plugins', (service, call) => service.plugins(call));
      context.out(
        json === true
          ? JSON.stringify(pluginReportView(report), undefined, 2)
          : [formatReport(context, report), ...explainProject(context, report)].join('\n'),
      );
    });

  plugins
    .command('check')
    .description(
      'scan again and explain every refusal; ends with 1 where a package has a problem, is incompatible or held back',
    )
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const report = await context.withService(rest, 'scanning node_modules', (service, call) =>
        service.rescanPlugins(call),
      );
      const troubles = report.plugins.filter(needsAction);
      if (json === true) context.out(JSON.stringify(pluginReportView(report), undefined, 2));
      else
        context.out(
          [
            formatReport(context, report),
            ...report.plugins.flatMap((plugin) => explainPlugin(context, plugin)),
            ...explainProject(context, report),
          ].join('\n'),
        );
      if (troubles.length + report.problems.length > 0) {
        throw new CliExit(
          EXIT.failed,
          `${troubles.length + report.problems.length} of what was found needs someone to act`,
        );
      }
    });

  addDescribeKindCommand(plugins, context);
  const change = (verb: PluginRequest['verb'], line: string, what: string): Command =>
    plugins
      .command(`${verb} ${line}`)
      .description(what)
      .option('--yes', 'accept what is shown without a question')
      .action((specs: readonly string[] | string, _options: unknown, command: Command) =>
        changePlugins(context, verb, [specs].flat(), command),
      );
  change(
    'add',
    '<spec...>',
    "install packages of connectors with the project's package manager: NAME, NAME@VERSION, a tarball or a folder; shows what they ask for, describes their kinds and asks before anything is changed",
  );
  change(
    'update',
    '[name...]',
    'install newer versions within the ranges of package.json (NAME@VERSION: that one); without names of all; accepts what is installed into connectors.lock',
  ).option('--installed', 'accept what is installed, and run no package manager');
  change('remove', '<name...>', 'remove packages of connectors from the project and from connectors.lock');
  plugins
    .command('diff')
    .description(
      'show in what the installed packages differ from connectors.lock, what breaks callers first; ends with 1 where they do',
    )
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const { changes, problems, warnings } = await context.diffPlugins(rest);
      if (json === true)
        context.out(JSON.stringify({ changes: changes.map(changeView), problems, warnings }, undefined, 2));
      else context.out(formatDiff(context, { changes, problems, warnings }));
      if (problems.length > 0)
        throw new CliExit(
          EXIT.failed,
          `${problems.length === 1 ? 'a difference' : `${problems.length} differences`}: "automate plugins update --installed" accepts them`,
        );
    });
  plugins
    .command('sign [spec...]')
    .description(
      'sign installed packages in connectors.lock, without names all of them; or a tarball itself, as its author does before it is published',
    )
    .requiredOption('--key <file>', 'Ed25519 private key in PEM form, as "openssl genpkey -algorithm ed25519" makes it')
    .action(async (specs: readonly string[], _options: unknown, command: Command) => {
      const { json, key: keyFile, ...rest } = command.optsWithGlobals<GlobalOptions & { readonly key: string }>();
      const { packages, publicKey } = await context.signPlugins(rest, { specs, keyFile });
      if (json === true) context.out(JSON.stringify({ packages, public_key: publicKey }, undefined, 2));
      else
        context.out(
          `signed ${packages.join(', ')}; hosts trust it with plugins: { trusted_keys: { "*": ["${publicKey}"] } }`,
        );
    });
  plugins
    .command('verify [name...]')
    .description(
      'check the signatures of installed packages against plugins.trusted_keys; ends with 1 where one is not signed by a key that is trusted for it',
    )
    .action(async (names: readonly string[], _options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const verified = await context.verifyPlugins(rest, names);
      if (json === true) context.out(JSON.stringify({ packages: verified.map(verdictView) }, undefined, 2));
      else
        context.out(
          context.table(
            ['PACKAGE', 'VERSION', 'SIGNATURE', 'KEY'],
            verified.map((each) => [each.package, each.version, each.verdict.kind, keyOf(each) ?? '']),
          ),
        );
      const failed = verified.filter(({ verdict }) => verdict.kind !== 'trusted');
      if (failed.length > 0)
        throw new CliExit(
          EXIT.failed,
          `${failed.length} of ${verified.length} packages are not signed by a trusted key`,
        );
    });
  change('rollback', '<name>', 'return to the version before, which connectors.lock knows');
}

interface ChangeOptions extends GlobalOptions {
  readonly yes?: true;
  readonly installed?: true;
}

async function changePlugins(
  context: CliContext,
  verb: PluginRequest['verb'],
  specs: readonly string[],
  command: Command,
): Promise<void> {
  const { json, yes = false, installed = false, ...rest } = command.optsWithGlobals<ChangeOptions>();
  if (installed && specs.length > 0)
    throw new CliExit(EXIT.usage, '--installed accepts everything that is installed: leave the names out');
  const tell = (text: string): void => (json === true ? undefined : context.out(text));
  const { changes, warnings, running } = await context.changePlugins(rest, { verb, specs, yes, installed }, tell);
  const held = (running ?? []).filter((plugin) => plugin.status === 'held_back');
  if (json === true)
    context.out(JSON.stringify({ changes: changes.map(changeView), warnings, running: running ?? null }, undefined, 2));
  else if (changes.length > 0)
    context.out(
      running === undefined ? 'done: the next start of the host uses it' : 'done: the running host has looked again',
    );
  const ours = held.filter((plugin) => changes.some((change) => change.package === plugin.package));
  if (ours.length === 0) return;
  const sentences = ours.map(
    ({ package: name, message }) =>
      `${name} is installed, and held back by the running host: ${message ?? ''}; automate plugins rollback ${name} puts back what was there before`,
  );
  throw new CliExit(EXIT.failed, sentences.join('\n'));
}

const WEIGHTS = { writes: 'writes', breaking: 'breaks', other: 'differs' } as const;

function formatDiff(context: CliContext, { changes, problems, warnings }: PluginDiff): string {
  const all = changes.flatMap(({ package: name, changes: each }) => each.map((one) => ({ name, ...one })));
  const lines = (['writes', 'breaking', 'other'] as const).flatMap((weight) =>
    all
      .filter((each) => each.weight === weight)
      .map(({ name, message }) => {
        const word = WEIGHTS[weight];
        return `${weight === 'other' ? word : context.style(weight === 'writes' ? 'red' : 'yellow', word)}  ${name}: ${message}`;
      }),
  );
  const drift = problems.map((problem) => describeProblem(problem));
  const rest = warnings.map((warning) => `warning: ${warning}`);
  const text = [...lines, ...drift, ...rest].join('\n');
  return text === '' ? 'what is installed is what connectors.lock has' : text;
}

function keyOf({ verdict }: VerifiedPlugin): string | undefined {
  return verdict.kind === 'unsigned' ? undefined : verdict.key;
}

function verdictView(verified: VerifiedPlugin): object {
  return {
    package: verified.package,
    version: verified.version,
    signature: verified.verdict.kind,
    key: keyOf(verified) ?? null,
  };
}

function changeView({ package: name, from, to, changes }: PluginOutcome['changes'][number]): object {
  return { package: name, from: from ?? null, to: to ?? null, changes };
}

function formatReport(context: CliContext, report: PluginReport): string {
  if (report.plugins.length === 0) return `connector packages: ${noneFound(report)}`;
  const rows = report.plugins.map((plugin) => [
    plugin.package,
    plugin.version ?? '',
    plugin.status,
    plugin.kinds.join(', '),
    describePermissions(plugin.permissions),
    plugin.message ?? '',
  ]);
  const head = ['PACKAGE', 'VERSION', 'STATUS', 'KINDS', 'PERMISSIONS', 'REASON'];
  return context.table(head, rows);
}

function explainPlugin(context: CliContext, plugin: PluginEntry): readonly string[] {
  return [
    ...plugin.problems.map(
      (problem) =>
        `${context.style('red', plugin.package)} ${problem.path}: expected ${problem.expected}, received ${problem.received}: ${problem.remedy}`,
    ),
    ...plugin.warnings.map((warning) => `${context.style('yellow', plugin.package)} ${warning}`),
  ];
}

/** What is wrong with the project itself. */
function explainProject(context: CliContext, report: PluginReport): readonly string[] {
  return report.problems.map(
    ({ path, expected, received, remedy }) =>
      `${context.style('red', path)}: expected ${expected}, received ${received}: ${remedy}`,
  );
}
