import { callAction } from '@automate/sdk/exchange';
import type { DiscordClient } from '../discord-client.ts';

/** Any request of the API. */
export const call = (discord: DiscordClient) =>
  callAction({
    description: "Sends any request to Discord's API as the bot, for what has no action of its own.",
    send: (request, { http }) => discord.sendAny(http, request),
  });
