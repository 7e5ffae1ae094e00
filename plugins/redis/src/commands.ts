import { defaultCommandMetadata } from '@redis/client/dist/lib/command-metadata/index.js';

/**
 * What a command can have done where it did not answer as it should.
 * - `read`: nothing, whatever happens.
 * - `atomic`: Redis does it whole or, where it replies with an error, not at all.
 * - `open`: nobody can tell. Scripts and functions stop at an error in their middle and keep what they did before; of
 *   words that Redis itself does not know, a module's or renamed ones, nothing is known.
 */
export type CommandKind = 'read' | 'atomic' | 'open';

export type Arg = string | Buffer;

/** Reads that the driver's table, which goes by keys, does not mark as such. */
const READS: ReadonlySet<string> = new Set([
  ...['COMMAND', 'ECHO', 'INFO', 'LASTSAVE', 'PING', 'PUBSUB', 'ROLE', 'TIME'],
  ...['ACL WHOAMI', 'CONFIG GET', 'SLOWLOG GET', 'SLOWLOG LEN'],
]);
/** Of Redis's own commands that write, the one that acts on two servers, one after the other. */
const TWO_STEPS: ReadonlySet<string> = new Set(['MIGRATE']);
const MESSAGES: ReadonlySet<string> = new Set(['PUBLISH', 'SPUBLISH']);
/** Commands that write only where they are told where to. */
const STORING: ReadonlySet<string> = new Set(['GEORADIUS', 'GEORADIUSBYMEMBER', 'SORT']);
/** Commands that run what somebody wrote. */
export const PROGRAMS: ReadonlySet<string> = new Set(['EVAL', 'EVALSHA', 'FCALL', 'FUNCTION', 'SCRIPT']);

/** The command's first words in capitals: `CONFIG GET`, or `GET` where there is no second. */
export function wordsOf(args: readonly Arg[]): { readonly command: string; readonly sub: string } {
  const [command = '', sub = ''] = args;
  return { command: String(command).toUpperCase(), sub: String(sub).toUpperCase() };
}

/** What may be said of a command from its words alone. */
export function kindOf(args: readonly Arg[]): CommandKind {
  const { command, sub } = wordsOf(args);
  if (READS.has(command) || READS.has(`${command} ${sub}`)) return 'read';
  if (PROGRAMS.has(command) || TWO_STEPS.has(command) || command.includes('.')) return 'open';
  if (STORING.has(command) && !args.some((arg) => /^STORE(DIST)?$/i.test(String(arg)))) return 'read';
  const flags = defaultCommandMetadata.lookup({ command, subcommand: sub })?.flags ?? [];
  if (flags.includes('readonly')) return 'read';
  return flags.includes('write') || MESSAGES.has(command) ? 'atomic' : 'open';
}
