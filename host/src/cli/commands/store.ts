import type { Command } from 'commander';
import type { CliContext, GlobalOptions, StoreMoveOptions } from '../cli-context.ts';

/** `automate store …` */
export function addStoreCommands(program: Command, context: CliContext): void {
  const store = program.command('store').description('where hosts keep what is set over the API');

  store
    .command('migrate')
    .option('--from <place>', "a data directory, or a URL; default: this project's data directory")
    .option('--to <place>', 'the same; default: the database that STORE_URL names')
    .description(
      'copy all that hosts keep from a data directory to PostgreSQL, or back, and compare the two; no host may run on either. STORE_URL stands for what that variable has; a password is never written here',
    )
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions & StoreMoveOptions>();
      const { from, to, tables, auditLeft } = await context.moveStore(rest);
      if (json === true) {
        const left = auditLeft === undefined ? {} : { audit_left: auditLeft };
        context.out(JSON.stringify({ from, to, tables, ...left }, undefined, 2));
        return;
      }
      const rows = tables.map(({ name, rows: count, copied, sha256 }) => [
        name,
        `${count}`,
        `${copied}`,
        sha256.slice(0, 16),
      ]);
      context.out(context.table(['TABLE', 'ROWS', 'COPIED NOW', 'SHA-256'], rows));
      if (auditLeft !== undefined) context.out(`the audit was left where it is: ${auditLeft}`);
      context.out(
        `${to} has all of ${from}, which is as it was. The master key is in neither: hosts go on with the same MASTER_KEY_FILE, or keys/ of the data directory`,
      );
    });
}
