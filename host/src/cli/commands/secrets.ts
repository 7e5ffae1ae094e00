import type { SecretInfo, SecretUser } from '@automate/contract';
import { secretChangeView, secretListView } from '@automate/contract/http';
import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import { decodeArgument } from '../read-argument.ts';

interface SetOptions extends GlobalOptions {
  readonly file?: string;
}

interface RemoveOptions extends GlobalOptions {
  readonly secretVersion?: string;
  readonly force?: true;
}

/** `automate secrets …` */
export function addSecretCommands(program: Command, context: CliContext): void {
  const secrets = program.command('secrets').description('the secrets that the host keeps, sealed');

  secrets
    .command('list')
    .description('names, versions and who uses them; never a value')
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const all = await context.withService(rest, 'listing secrets', (service, call) => service.listSecrets(call));
      context.out(json === true ? JSON.stringify(secretListView(all), undefined, 2) : formatSecrets(context, all));
    });

  secrets
    .command('set')
    .argument('<namespace/name>')
    .description('set a secret: its value is asked for without being shown, or read from standard input or a file')
    // Commander's own words would repeat what may be the value.
    .allowExcessArguments()
    .option('--file <path>', 'read the value from a file; one newline at its end is no part of it')
    .action(async (what: string, _options: unknown, command: Command) => {
      const { json, file, ...rest } = command.optsWithGlobals<SetOptions>();
      if (command.args.length > 1)
        throw new CliExit(
          EXIT.usage,
          'the value is no argument, where other users of the machine could see it: leave it out to be asked, or use --file',
        );
      const secret = readSecretName(what);
      const value = await readValue(context, what, file);
      const change = await context.withService(rest, `setting ${what}`, (service, call) =>
        service.setSecret({ ...secret, value }, call),
      );
      context.out(json === true ? JSON.stringify(secretChangeView(change), undefined, 2) : change.message);
    });

  secrets
    .command('remove')
    .argument('<namespace/name>')
    .description('remove a secret, or one version of it')
    .option('--secret-version <number>', 'only this version')
    .option('--force', 'also where a connector or a profile uses it')
    .action(async (what: string, _options: unknown, command: Command) => {
      const { json, secretVersion, force, ...rest } = command.optsWithGlobals<RemoveOptions>();
      const secret = {
        ...readSecretName(what),
        ...(secretVersion === undefined ? {} : { version: Number(secretVersion) }),
        ...(force === undefined ? {} : { force }),
      };
      const change = await context.withService(rest, `removing ${what}`, (service, call) =>
        service.removeSecret(secret, call),
      );
      context.out(json === true ? JSON.stringify(secretChangeView(change), undefined, 2) : change.message);
    });

  addOpenCopy(secrets, context);

  secrets
    .command('rotate-keys')
    .description(
      'put a new master key in use, or the one that MASTER_KEY_FILE names first, and wrap every secret under it',
    )
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const { keyId, renewed, rewrapped, unreadable, file } = await context.rotateKeys(rest);
      const view = { key_id: keyId, renewed, rewrapped, unreadable };
      const idle = !renewed && rewrapped === 0;
      const words = idle
        ? `every secret is under the master key in use, ${keyId}: for a new one put it above the others in ${file}`
        : `the master key ${keyId} is in use${renewed ? ', a new one' : ''}; wrapped anew: ${rewrapped}. Keep ${file} as it is now, and the older keys in it for as long as a backup needs them`;
      context.out(json === true ? JSON.stringify(view, undefined, 2) : words);
      if (unreadable.length > 0)
        throw new CliExit(EXIT.failed, `these cannot be read, and stay as they were:\n${unreadable.join('\n')}`);
    });
}

/** `automate secrets open-copy` */
function addOpenCopy(secrets: Command, context: CliContext): void {
  secrets
    .command('open-copy')
    .argument('<file>', 'a sealed copy of connectors.db, as the host keeps one when it moves secrets into the store')
    .requiredOption('--to <path>', 'where to write the database, secrets in clear: a file that is not there yet')
    .description('open a sealed copy of the database, to go back to an earlier version of the host')
    .action(async (file: string, _options: unknown, command: Command) => {
      const { to, ...rest } = command.optsWithGlobals<GlobalOptions & { readonly to: string }>();
      await context.openCopy({ ...rest, from: file, to });
      context.out(`wrote ${to}, in which secrets lie in clear`);
    });
}

function readSecretName(text: string): { readonly namespace: string; readonly name: string } {
  const [namespace = '', name, ...more] = text.split('/');
  if (name !== undefined && more.length === 0) return { namespace, name };
  throw new CliExit(EXIT.usage, 'expected the name of a secret as NAMESPACE/NAME, such as slack/token');
}

async function readValue(context: CliContext, what: string, file: string | undefined): Promise<string> {
  if (file === undefined) {
    const typed = await context.readHidden(`value of ${what}: `);
    if (typed !== undefined) return typed;
  }
  const bytes = file === undefined ? await context.readInput() : await readFileOf(context, file);
  return decodeArgument(bytes, file ?? 'standard input', '--file').replace(/\r?\n$/, '');
}

async function readFileOf(context: CliContext, file: string): Promise<Uint8Array> {
  try {
    return await context.readFile(file);
  } catch (error) {
    throw new CliExit(
      EXIT.usage,
      `--file: cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function formatSecrets(context: CliContext, secrets: readonly SecretInfo[]): string {
  if (secrets.length === 0) return 'no secrets: set one with "automate secrets set NAMESPACE/NAME"';
  const rows = secrets.map(({ namespace, name, versions, usedBy }) => [
    `${namespace}/${name}`,
    versions.map(({ version }) => String(version)).join(', '),
    versions.at(-1)?.createdAt ?? '',
    usedBy.map(describeUser).join(', '),
  ]);
  return context.table(['SECRET', 'VERSIONS', 'LAST SET', 'USED BY'], rows);
}

function describeUser({ kind, name, version }: SecretUser): string {
  return `${kind} ${name}${version === undefined ? '' : ` (version ${version})`}`;
}
