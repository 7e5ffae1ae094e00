import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { member } from '../member.ts';
import { snowflake } from '../message.ts';

const input = z
  .strictObject({
    guild_id: snowflake.describe('Id of the server'),
    query: z.string().min(1).optional().describe('How name or nickname begins'),
    limit: z.int().min(1).max(1000).default(100),
    after: snowflake.optional().describe('`next_after` of the page before'),
  })
  .refine(({ query, after }) => query === undefined || after === undefined, {
    error: 'expected query or after: what is searched for comes in one page',
  });
const output = z.object({
  members: z.array(member),
  next_after: z.string().optional().describe('Where the next page begins; absent where there is certainly none'),
});

/** Members of one server. */
export const listMembers = (discord: DiscordClient) =>
  action({
    description:
      "Lists the members of a server by the order of their ids, or those whose name begins so. The bot needs Discord's permission to see members.",
    input,
    output,
    sideEffects: false,
    idempotent: true,
    rateLimitClass: 'members',
    async run({ guild_id, ...query }, { http }) {
      const path = `/guilds/${guild_id}/members${query.query === undefined ? '' : '/search'}`;
      const schema = z.array(member);
      const members = await discord.send(http, { method: 'GET', path, query, what: 'to list members', schema });
      const last = members.at(-1);
      const isFull = query.query === undefined && members.length === query.limit;
      return { members, ...(isFull && last !== undefined ? { next_after: last.user.id } : {}) };
    },
  });
