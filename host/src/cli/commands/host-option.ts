import type { HostFilter, MissingHost } from '@automate/contract';
import { makeVisible } from '@automate/contract';
import { Option } from 'commander';
import type { CliContext } from '../cli-context.ts';

/** `--host`, of commands that show what each host knows. */
export function hostOption(): Option {
  return new Option(
    '--host <id>',
    'what this host knows alone, of those that `automate hosts` lists, or all (the default)',
  );
}

/** The filter that the option stands for. */
export function hostFilter(host: string | undefined): HostFilter {
  return host === undefined ? {} : { host };
}

/** Says on standard error which hosts are missing in what was printed. */
export function tellMissing(context: CliContext, missing: readonly MissingHost[] = []): void {
  for (const { host, why } of missing) context.err(`nothing of the host ${host} is shown here: ${makeVisible(why)}`);
}
