import { z } from 'zod';

const SIGNED = /^(?:[^{}]|\{timestamp\}|\{id\})*\{body\}$/;

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
          'Header in which the sender names each delivery, such as `X-GitHub-Delivery`. Without it, deliveries with the same body are one. Unless `signed` holds it, whoever has overheard a delivery can send it under another name',
        ),
      encoding: z.enum(['hex', 'base64', 'base64url']).default('hex').describe('How the signature is written'),
      timestamp_header: z
        .string()
        .min(1)
        .optional()
        .describe(
          'Header with the time of sending in seconds since 1970. What is older than five minutes, or as far ahead, is refused; `signed` must hold the time',
        ),
      signed: z
        .string()
        .regex(SIGNED, 'expected a text that ends with {body}, with {timestamp} and {id} in it where they are signed')
        .default('{body}')
        .describe(
          'What is signed, such as `{timestamp}.{body}` or `{id}.{timestamp}.{body}`: the body, and before it the values of `timestamp_header` and `id_header`',
        ),
    })
    .superRefine(({ signed, timestamp_header: timestamp, id_header: id }, { addIssue }) => {
      const says = (what: string): boolean => signed.includes(what);
      if ((timestamp !== undefined) !== says('{timestamp}'))
        addIssue({
          code: 'custom',
          path: ['signed'],
          message: 'expected {timestamp} if there is `timestamp_header`, and only then',
        });
      if (says('{id}') && id === undefined)
        addIssue({
          code: 'custom',
          path: ['id_header'],
          message: 'expected the header whose value `signed` calls {id}',
        });
    })
    .optional()
    .describe(
      'How requests that the service sends are verified: HMAC-SHA256 of the body, and of what `signed` says besides',
    ),
});

export type HttpSettings = z.output<typeof configSchema>;
