import { z } from 'zod';

/** The settings of a Slack connector. The bot token is `auth.token`, with `auth.type: bearer`. */
export const configSchema = z.strictObject({
  signing_secret: z
    .string()
    .min(1)
    .optional()
    .describe('Signing secret of the Slack app; requests that Slack sends are verified with it')
    .meta({ writeOnly: true }),
});
