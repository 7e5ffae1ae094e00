import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';

/** For what only a host that runs can tell: ends with 69 where none does. */
export async function requireRunning(context: CliContext, options: GlobalOptions): Promise<void> {
  const found = await context.findHost(options);
  if (found !== undefined && found.state !== 'running') throw new CliExit(EXIT.unavailable, found.why);
}
