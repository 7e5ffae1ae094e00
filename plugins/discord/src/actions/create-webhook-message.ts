import { action } from '@automate/sdk';
import { textUpTo } from '@automate/sdk/exchange';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { files, withFiles } from '../files.ts';
import { contents, message, messageAnswer, needsContents, snowflake, toMessage } from '../message.ts';

const input = z
  .strictObject({
    webhook: z.string().min(1).describe('Name of the webhook in the settings'),
    ...contents,
    files,
    username: textUpTo(80).min(1).optional().describe("Shown instead of the webhook's name"),
    avatar_url: z.url().max(2048).optional().describe("Shown instead of the webhook's picture"),
    thread_id: snowflake.optional().describe("A thread of the webhook's channel"),
    tts: z.boolean().optional(),
  })
  .refine(needsContents.check, { error: needsContents.error });

/** Sends a message by a webhook. */
export const createWebhookMessage = (discord: DiscordClient) =>
  action({
    description: 'Sends a message by an incoming webhook, which needs no bot.',
    input,
    output: message,
    sideEffects: true,
    idempotent: false,
    idempotencyKey: false,
    rateLimitClass: 'webhooks',
    async run({ webhook, thread_id, files: given = [], ...rest }, { http }) {
      const { id, token } = discord.webhook(webhook);
      const sent = await discord.send(http, {
        method: 'POST',
        path: `/webhooks/${id}/${encodeURIComponent(token)}`,
        what: `to send by the webhook "${webhook}"`,
        query: { wait: true, thread_id },
        ...withFiles(rest, given),
        schema: messageAnswer,
        secretPath: true,
      });
      return toMessage(sent);
    },
  });
