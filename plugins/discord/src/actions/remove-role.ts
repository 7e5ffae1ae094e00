import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { snowflake } from '../message.ts';

const input = z.strictObject({
  guild_id: snowflake.describe('Id of the server'),
  user_id: snowflake,
  role_id: snowflake,
});
const output = z.object({ removed: z.boolean() });

/** Takes a role from a member. */
export const removeRole = (discord: DiscordClient) =>
  action({
    description: 'Takes a role from a member of a server; no error where it does not have it.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    idempotencyKey: false,
    rateLimitClass: 'roles',
    async run({ guild_id, user_id, role_id }, { http }) {
      const path = `/guilds/${guild_id}/members/${user_id}/roles/${role_id}`;
      await discord.send(http, { method: 'DELETE', path, what: 'to take the role', schema: z.undefined() });
      return { removed: true };
    },
  });
