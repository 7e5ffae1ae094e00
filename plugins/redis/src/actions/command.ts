import { action, ForbiddenError, InvalidInputError } from '@automate/sdk';
import { z } from 'zod';
import { kindOf } from '../commands.ts';
import { COMMAND } from '../config.ts';
import type { Connection } from '../connection.ts';
import { value } from '../schemas.ts';
import { toAnswer, toRedis } from '../values.ts';

const input = z.strictObject({
  command: z.string().regex(COMMAND).describe('As in the setting `allow_commands`: `LPUSH` or `CONFIG GET`'),
  args: z
    .array(z.union([value, z.number()]))
    .max(10_000)
    .default([]),
});

/** Any command that the settings allow. */
export const command = (use: () => Connection) =>
  action({
    description: 'Sends a command that the setting `allow_commands` names, and gives its reply.',
    input,
    output: z.object({
      reply: z
        .unknown()
        .describe(
          'Bytes that are not UTF-8 as `{"base64": "…"}`, errors within a list as `{"error": "…"}`, and `{"truncated": n}` for a value of n bytes, or the rest of a list of n, that was too large to be sent after a change',
        ),
      truncated: z.boolean().optional().describe('True where something was too large; absent otherwise'),
    }),
    sideEffects: true,
    idempotent: false,
    async run({ command: name, args }, call) {
      const connection = use();
      const words = name.toUpperCase().split(' ');
      refuseUnlessAllowed(connection.settings.allow_commands, words, args[0]);
      const command = [...words, ...args.map((arg) => (typeof arg === 'number' ? String(arg) : toRedis(arg)))];
      refuseToBlock(command);
      const { json, truncated } = toAnswer(await connection.send(command, call), kindOf(command));
      return truncated ? { reply: json, truncated } : { reply: json };
    },
  });

/** `CONFIG` allows all of its subcommands; `CONFIG GET` only that one, also where GET comes as first argument. */
function refuseUnlessAllowed(allowed: readonly string[], words: readonly string[], first: unknown): void {
  const [command = '', sub = typeof first === 'string' ? first.toUpperCase() : ''] = words;
  const known = allowed.map((each) => each.toUpperCase());
  if (known.includes(command) || known.includes(`${command} ${sub}`)) return;
  const list = allowed.length === 0 ? 'none is' : `these are: ${allowed.join(', ')}`;
  throw new ForbiddenError(`the setting allow_commands does not allow ${words.join(' ')}; ${list}`, {
    details: { reason: 'command_not_allowed' },
  });
}

/** What waits, or changes the connection, only where it is told to. */
function refuseToBlock([command, ...args]: readonly (string | Buffer)[]): void {
  const words = args.map((arg) => String(arg).toUpperCase());
  const isDebugger = command === 'SCRIPT' && words[0] === 'DEBUG';
  if (!isDebugger && !(/^XREAD(GROUP)?$/.test(String(command)) && blocks(words))) return;
  const what = isDebugger ? 'SCRIPT may not DEBUG' : `${String(command)} may not BLOCK`;
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
