import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { snowflake } from '../message.ts';

const input = z.strictObject({ guild_id: snowflake.describe('Id of the server') });
const role = z.object({
  id: z.string(),
  name: z.string(),
  permissions: z.string().describe('A set of bits, as text'),
  position: z.int(),
  managed: z.boolean().describe('Belongs to an integration and can be given to nobody'),
  mentionable: z.boolean(),
});
const output = z.object({ roles: z.array(role) });

/** Roles of one server. */
export const listRoles = (discord: DiscordClient) =>
  action({
    description: 'Lists the roles of a server.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    rateLimitClass: 'roles',
    async run({ guild_id }, { http }) {
      const path = `/guilds/${guild_id}/roles`;
      return {
        roles: await discord.send(http, { method: 'GET', path, what: 'to list roles', schema: z.array(role) }),
      };
    },
  });
