import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { snowflake } from '../message.ts';

const input = z.strictObject({
  guild_id: snowflake.describe('Id of the server'),
  user_id: snowflake,
  role_id: snowflake,
});
const output = z.object({ added: z.boolean() });

/** Gives a member a role. */
export const addRole = (discord: DiscordClient) =>
  action({
    description: 'Gives a member of a server a role; no error where it has it already.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    idempotencyKey: false,
    rateLimitClass: 'roles',
    async run({ guild_id, user_id, role_id }, { http }) {
      const path = `/guilds/${guild_id}/members/${user_id}/roles/${role_id}`;
      await discord.send(http, { method: 'PUT', path, what: 'to give the role', schema: z.undefined() });
      return { added: true };
    },
  });
