import { InvalidInputError } from '@automate/sdk';
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

/** Commands that change the connection or block it. All calls share one connection, so none of these may be sent. */
export const NEVER: ReadonlySet<string> = new Set(
  `ASKING AUTH BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN CLIENT DISCARD EXEC FAILOVER HELLO MONITOR
  MULTI PSUBSCRIBE PSYNC PUNSUBSCRIBE QUIT READONLY READWRITE REPLCONF RESET SELECT SHUTDOWN SSUBSCRIBE SUBSCRIBE
  SUNSUBSCRIBE SYNC UNSUBSCRIBE UNWATCH WAIT WAITAOF WATCH`.split(/\s+/),
);

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

/** Whether only the server can say what a word stands for: one of its own under another name, perhaps. */
export function isUnknown(args: readonly Arg[]): boolean {
  const { command, sub } = wordsOf(args);
  return defaultCommandMetadata.lookup({ command, subcommand: sub }) === undefined && !PROGRAMS.has(command);
}

/**
 * Refuses what changes the connection or waits, under whatever name, or because it is told to.
 *
 * @param name what the caller calls the command
 */
export function refuseToBlock(name: Arg | undefined, [first, ...args]: readonly Arg[]): void {
  const command = String(first).toUpperCase();
  const words = args.map((arg) => String(arg).toUpperCase());
  const isDebugger = command === 'SCRIPT' && words[0] === 'DEBUG';
  const what = NEVER.has(command)
    ? `${String(name)} is what the server calls ${command}, which changes or blocks the connection`
    : isDebugger
      ? 'SCRIPT may not DEBUG'
      : /^XREAD(GROUP)?$/.test(command) && blocks(words)
        ? `${command} may not BLOCK`
        : undefined;
  if (what === undefined) return;
  throw new InvalidInputError(`${what}: all calls share one connection; leave it out`, {
    details: { reason: 'would_block' },
  });
}

/** Whether a read of streams has the option BLOCK, rather than a group or consumer of that name. */
function blocks(words: readonly string[]): boolean {
  for (let at = 0; at < words.length && words[at] !== 'STREAMS'; at += 1) {
    if (words[at] === 'BLOCK') return true;
    if (words[at] === 'GROUP') at += 2;
  }
  return false;
}
