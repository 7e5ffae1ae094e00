import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { snowflake } from '../message.ts';
import { putOrDelete } from '../put-or-delete.ts';

const input = z.strictObject({
  guild_id: snowflake.describe('Id of the server'),
  user_id: snowflake,
  role_id: snowflake,
});

const role = {
  input,
  path: ({ guild_id, user_id, role_id }: z.output<typeof input>) =>
    `/guilds/${guild_id}/members/${user_id}/roles/${role_id}`,
  rateLimitClass: 'roles',
};

/** Gives a member a role. */
export const addRole = (discord: DiscordClient) =>
  putOrDelete(discord, role, {
    method: 'PUT',
    description: 'Gives a member of a server a role; no error where it has it already.',
    what: 'to give the role',
    done: 'added',
  });

/** Takes a role from a member. */
export const removeRole = (discord: DiscordClient) =>
  putOrDelete(discord, role, {
    method: 'DELETE',
    description: 'Takes a role from a member of a server; no error where it does not have it.',
    what: 'to take the role',
    done: 'removed',
  });
