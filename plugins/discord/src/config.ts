import { z } from 'zod';

const snowflake = z.string().regex(/^\d{1,20}$/, 'expected an id: digits, as text');

/** The settings of a Discord connector. The bot's token is `auth.token`, with `auth.type: bearer`. */
export const configSchema = z.strictObject({
  public_key: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'expected 64 hexadecimal digits')
    .optional()
    .describe("The application's public key; interactions that Discord sends are verified with it"),
  webhooks: z
    .array(
      z.strictObject({
        name: z.string().min(1).describe('What `create_webhook_message` calls it'),
        id: snowflake.describe('First part of its address'),
        token: z.string().min(1).describe('Last part of its address').meta({ writeOnly: true }),
      }),
    )
    .default([])
    .describe('Incoming webhooks, which need no bot'),
});

export type DiscordSettings = z.output<typeof configSchema>;
export type Webhook = DiscordSettings['webhooks'][number];
