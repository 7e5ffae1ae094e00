import type { ProfileInfo } from '@automate/contract';
import { profileChangeView, profileListView } from '@automate/contract/http';
import { profileRefused } from '@automate/contract/service';
import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import { readArgument } from '../read-argument.ts';

/** `automate profiles …` */
export function addProfileCommands(program: Command, context: CliContext): void {
  const profiles = program.command('profiles').description('settings and secrets that connectors of one kind share');

  profiles
    .command('list')
    .description('profiles of the configuration file and those that were set, and who uses them; never a secret')
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const all = await context.withService(rest, 'listing profiles', (service, call) => service.listProfiles(call));
      context.out(json === true ? JSON.stringify(profileListView(all), undefined, 2) : formatProfiles(context, all));
    });

  profiles
    .command('set')
    .argument('<name>')
    .description('add a profile, or replace one whole; ends with 1 where a connector goes on without it')
    .requiredOption('--input <yaml>', 'the profile as YAML or JSON: the text, @file, or - for standard input')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { json, input, ...rest } = command.optsWithGlobals<GlobalOptions & { readonly input: string }>();
      const parsed = context.parseProfile(name, await readArgument(context, input), '--input');
      if (!parsed.ok) throw profileRefused(name, parsed.problems);
      const change = await context.withService(rest, `setting ${name}`, (service, call) =>
        service.setProfile({ ...parsed.profile, name }, call),
      );
      context.out(json === true ? JSON.stringify(profileChangeView(change), undefined, 2) : change.message);
      if (change.heldBack.length > 0) {
        const held = change.heldBack.map(({ connector }) => connector).join(', ');
        throw new CliExit(EXIT.failed, `the profile was set; connectors that go on as they were: ${held}`);
      }
    });

  profiles
    .command('remove')
    .argument('<name>')
    .description('remove a profile that was set, and that no connector uses')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const change = await context.withService(rest, `removing ${name}`, (service, call) =>
        service.removeProfile(name, call),
      );
      context.out(json === true ? JSON.stringify(profileChangeView(change), undefined, 2) : change.message);
    });
}

function formatProfiles(context: CliContext, profiles: readonly ProfileInfo[]): string {
  if (profiles.length === 0)
    return 'no profiles: add one to the configuration file, or set one with "automate profiles set NAME"';
  const rows = profiles.map(({ name, kind, environment, enabled, owner, secrets, usedBy, hidesOther }) => [
    name,
    kind,
    environment,
    `${owner}${hidesOther === true ? ' (hides one that was set)' : ''}${enabled ? '' : ', disabled'}`,
    Object.entries(secrets)
      .map(([field, reference]) => `${field}: ${reference}`)
      .join(', '),
    usedBy.join(', '),
  ]);
  return context.table(['PROFILE', 'KIND', 'ENVIRONMENT', 'OWNER', 'SECRETS', 'USED BY'], rows);
}
