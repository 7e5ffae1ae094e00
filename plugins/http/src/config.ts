import { z } from 'zod';

/** The settings of an HTTP connector. Where requests go and how they log in are `host`, `port`, `scheme`, `base_path`, `auth`, `tls`. */
export const configSchema = z.strictObject({
  connect_path: z
    .string()
    .regex(/^\//, 'expected a path that begins with /')
    .optional()
    .describe(
      'Asked with GET when the connector starts and must answer 2xx. Without it, any HTTP answer of `/` counts as reachable',
    ),
  webhook: z
    .strictObject({
      secret: z.string().min(1).describe('The key that the sender signs with').meta({ writeOnly: true }),
      header: z.string().min(1).default('X-Signature-256').describe('Header that carries the signature'),
      prefix: z.string().default('sha256=').describe('What stands before the signature in that header'),
      id_header: z
        .string()
        .min(1)
        .optional()
        .describe(
          'Header in which the sender names each delivery, such as `X-GitHub-Delivery`. It is not signed. Without it, deliveries with the same body are one',
        ),
      encoding: z.enum(['hex', 'base64', 'base64url']).default('hex').describe('How the signature is written'),
    })
    .optional()
    .describe('How requests that the service sends are verified: HMAC-SHA256 of the body'),
});

export type HttpSettings = z.output<typeof configSchema>;
