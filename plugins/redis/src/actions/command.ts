import { action, ForbiddenError } from '@automate/sdk';
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
