import type { CliContext } from './cli-context.ts';
import { CliExit, EXIT } from './cli-context.ts';

/** A text given on the command line: as it is, `@file`, or `-` for standard input. */
export async function readArgument(context: CliContext, argument: string): Promise<string> {
  if (argument === '-') return decodeArgument(await context.readInput(), 'standard input');
  if (!argument.startsWith('@')) return argument;
  const path = argument.slice(1);
  let bytes: Uint8Array;
  try {
    bytes = await context.readFile(path);
  } catch (cause) {
    throw new CliExit(
      EXIT.usage,
      `--input: cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
  return decodeArgument(bytes, path);
}

/** Bytes of another encoding are refused: read all the same, they would be sent as other characters. */
export function decodeArgument(bytes: Uint8Array, source: string, option = '--input'): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CliExit(EXIT.usage, `${option}: ${source} is not text in UTF-8; save it as UTF-8`);
  }
}
