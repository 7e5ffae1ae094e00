import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { snowflake } from '../message.ts';
import { thread, threadAnswer, toThread } from '../thread.ts';

const input = z.strictObject({ guild_id: snowflake.describe('Id of the server') });
const output = z.object({ threads: z.array(thread) });
const schema = z.object({ threads: z.array(threadAnswer) });

/** Threads of one server that are not archived. */
export const listThreads = (discord: DiscordClient) =>
  action({
    description: 'Lists the threads of a server that are not archived and that the bot can see.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    rateLimitClass: 'threads',
    async run({ guild_id }, { http }) {
      const path = `/guilds/${guild_id}/threads/active`;
      const { threads } = await discord.send(http, { method: 'GET', path, what: 'to list threads', schema });
      return { threads: threads.map(toThread) };
    },
  });
