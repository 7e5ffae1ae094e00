import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { member } from '../member.ts';
import { snowflake } from '../message.ts';

const input = z.strictObject({ guild_id: snowflake.describe('Id of the server'), user_id: snowflake });
const output = z.object({ member });

/** One member of a server. */
export const getMember = (discord: DiscordClient) =>
  action({
    description: 'Gives one member of a server, with the ids of its roles.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    rateLimitClass: 'members',
    async run({ guild_id, user_id }, { http }) {
      const path = `/guilds/${guild_id}/members/${user_id}`;
      return { member: await discord.send(http, { method: 'GET', path, what: 'to show the member', schema: member }) };
    },
  });
