import type { Scope, TokenInfo } from '@automate/contract';
import { changeResultView, createdTokenView, tokenView } from '@automate/contract/http';
import { parseLongDuration } from '@automate/contract/schemas';
import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';

interface CreateOptions extends GlobalOptions {
  readonly scope: readonly string[];
  readonly expires?: string;
}

/** `automate tokens …` */
export function addTokenCommands(program: Command, context: CliContext): void {
  const tokens = program.command('tokens').description('who may call the service over the network');

  tokens
    .command('create')
    .argument('<name>', 'what the caller is called in records and messages')
    .requiredOption(
      '--scope <scope...>',
      'what the caller may do: read, execute, execute:<connector>, execute:<connector>/<action>, manage, secrets, admin',
    )
    .option('--expires <time>', 'for how long it counts, such as 90d or 12h (default: until it is revoked)')
    .description('make a token and print it; it is shown this once')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { json, scope, expires, ...rest } = command.optsWithGlobals<CreateOptions>();
      const expiresInMs = expires === undefined ? undefined : parseLongDuration(expires);
      if (expires !== undefined && expiresInMs === undefined)
        throw new CliExit(
          EXIT.usage,
          `--expires: expected a time such as 90d or 12h, received ${JSON.stringify(expires)}`,
        );
      const request = { name, scopes: scope as Scope[], ...(expiresInMs === undefined ? {} : { expiresInMs }) };
      const created = await context.withService(rest, 'making a token', (service, call) =>
        service.createToken(request, call),
      );
      if (json === true) context.out(JSON.stringify(createdTokenView(created), undefined, 2));
      else {
        context.out(created.token);
        context.err(`It is shown this once. ${describeToken(created)}`);
      }
    });

  tokens
    .command('list')
    .description('all tokens, with those that count no longer')
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const all = await context.withService(rest, 'listing tokens', (service, call) => service.listTokens(call));
      if (json === true) context.out(JSON.stringify({ tokens: all.map(tokenView), count: all.length }, undefined, 2));
      else context.out(formatTokens(context, all));
    });

  tokens
    .command('revoke')
    .argument('<id>', 'the id that "automate tokens list" shows')
    .description('let a token count no longer, at once')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const result = await context.withService(rest, 'revoking a token', (service, call) =>
        service.revokeToken(id, call),
      );
      context.out(json === true ? JSON.stringify(changeResultView(result), undefined, 2) : result.message);
    });
}

function describeToken({ name, scopes, expiresAt }: TokenInfo): string {
  return `${name} may ${scopes.join(', ')}, ${expiresAt === undefined ? 'until it is revoked' : `until ${expiresAt}`}.`;
}

function formatTokens(context: CliContext, tokens: readonly TokenInfo[]): string {
  if (tokens.length === 0) return 'no tokens: callers on this machine need none, others cannot call';
  const rows = tokens.map((token) => [token.id, token.name, token.scopes.join(', '), token.createdAt, stateOf(token)]);
  return context.table(['ID', 'NAME', 'SCOPES', 'MADE', 'COUNTS'], rows);
}

function stateOf({ revokedAt, expiresAt }: TokenInfo): string {
  if (revokedAt !== undefined) return `revoked ${revokedAt}`;
  if (expiresAt === undefined) return 'until it is revoked';
  return Date.parse(expiresAt) <= Date.now() ? `expired ${expiresAt}` : `until ${expiresAt}`;
}
