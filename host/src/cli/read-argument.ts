import type { CliContext } from './cli-context.ts';
import { CliExit, EXIT } from './cli-context.ts';

/** A text given on the command line: as it is, `@file`, or `-` for standard input. */
export async function readArgument(context: CliContext, argument: string): Promise<string> {
  if (argument === '-') return context.readInput();
  if (!argument.startsWith('@')) return argument;
  try {
    return await context.readFile(argument.slice(1));
  } catch (cause) {
    throw new CliExit(
      EXIT.usage,
      `--input: cannot read ${argument.slice(1)}: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}
