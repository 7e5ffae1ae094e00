import { randomUUID } from 'node:crypto';
import { action } from '@automate/sdk';
import { z } from 'zod';
import type { GatewayClient } from '../gateway-client.ts';
import { parseAnswer } from '../gateway-error.ts';
import { defined } from '../outputs.ts';

const input = z
  .strictObject({
    message: z.string().min(1),
    session_key: z
      .string()
      .min(1)
      .max(512)
      .optional()
      .describe("The agent's conversation that gets the message; the answer is not waited for"),
    to: z
      .string()
      .min(1)
      .optional()
      .describe('The person or group that gets the message over a channel, as that channel writes it'),
    channel: z
      .string()
      .min(1)
      .optional()
      .describe('With `to`: e.g. `telegram`. Default: the only one that is configured'),
    account_id: z.string().min(1).optional().describe('With `to`: which of several accounts of the channel'),
    thread_id: z.string().min(1).optional().describe('With `to`'),
    reply_to_id: z.string().min(1).optional().describe('With `to`: the message that this one answers'),
    silent: z.boolean().optional().describe('With `to`: without a sound'),
  })
  .refine(({ session_key: key, to }) => (key === undefined) !== (to === undefined), {
    error: 'expected either session_key or to',
  })
  .refine(
    ({ to, channel, account_id: account, thread_id: thread, reply_to_id: reply, silent }) =>
      to !== undefined || [channel, account, thread, reply, silent].every((field) => field === undefined),
    { error: 'channel, account_id, thread_id, reply_to_id and silent go with to' },
  );
const output = z.object({
  run_id: z.string().optional().describe('The run that a message to a session has started'),
  message_id: z.string().optional().describe("The channel's id of the message"),
  channel: z.string().optional(),
  status: z.string().optional(),
});
const answer = z.object({
  runId: z.string().optional(),
  messageId: z.union([z.string(), z.number()]).optional(),
  channel: z.string().optional(),
  status: z.string().optional(),
});

/** Sends a message to somebody, or to an agent without waiting for its answer. */
export const sendMessage = (gateway: GatewayClient) =>
  action({
    description: 'Sends a message to a person or group over a channel, or into a conversation with an agent.',
    input,
    output,
    sideEffects: true,
    idempotent: false,
    async run({ message, session_key: key, to, ...rest }, context) {
      const idempotencyKey = context.idempotencyKey ?? randomUUID();
      const method = to === undefined ? 'sessions.send' : 'send';
      const params =
        to === undefined
          ? { key, message, idempotencyKey }
          : {
              to,
              message,
              idempotencyKey,
              channel: rest.channel,
              accountId: rest.account_id,
              threadId: rest.thread_id,
              replyToId: rest.reply_to_id,
              silent: rest.silent,
            };
      const sent = parseAnswer(answer, await gateway.request(context, method, defined(params) as never), method);
      return defined({
        run_id: to === undefined ? sent.runId : undefined,
        message_id: sent.messageId === undefined ? undefined : String(sent.messageId),
        channel: sent.channel,
        status: sent.status,
      });
    },
  });
