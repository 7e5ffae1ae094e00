import { z } from 'zod';

const secret = z.string().min(1).meta({ writeOnly: true });

const httpUrl = z.url({ protocol: /^https?$/ }).refine((url) => !hasCredentials(url), {
  error: 'expected a URL without credentials: they belong in `auth` or `credentials`',
});

const credentials = z.strictObject({
  value: secret.optional().describe('Of an API key, whether it goes in a header, the query or a cookie'),
  token: secret.optional().describe('Of a scheme `bearer`, or a token for `oauth2` that was obtained elsewhere'),
  username: z.string().min(1).optional().describe('Of a scheme `basic`'),
  password: secret.optional().describe('Of a scheme `basic`'),
  client_id: z.string().min(1).optional().describe('For the client credentials grant of `oauth2`'),
  client_secret: secret.optional().describe('For the client credentials grant of `oauth2`'),
  scopes: z.array(z.string().min(1)).optional().describe('To ask for with the client credentials'),
  token_url: httpUrl.optional().describe("Where tokens are to be had. Default: as the document's scheme says"),
});

const pattern = z.string().min(1);

/** The settings of a connector whose actions an OpenAPI document names. */
export const configSchema = z.strictObject({
  document: z
    .union([z.string().min(1), z.record(z.string(), z.any())])
    .refine((document) => typeof document !== 'string' || !hasCredentials(document), {
      error: 'expected a URL without credentials, which are not sent',
    })
    .describe(
      'The OpenAPI document, of version 3 or Swagger 2.0: its URL, its path on the machine of the host, its text, or itself',
    ),
  include: z
    .array(pattern)
    .min(1)
    .optional()
    .describe(
      'Which operations become actions. Each pattern is an operation id or an action (`getPet*`), a path (`/pets/**`), a method and path (`GET /pets`), or a tag (`tag:pets`); `*` is anything within a part of a path, `**` anything. Default: all',
    ),
  exclude: z.array(pattern).default([]).describe('Which of those do not, by the same patterns'),
  base_url: httpUrl
    .refine((url) => !/[?#]/.test(url), {
      error: 'expected a URL without a query and a fragment: the paths of the operations are put behind it',
    })
    .optional()
    .describe(
      "Where requests go, in place of the document's servers. The connector's own `host`, where it is set, comes before both",
    ),
  server_variables: z
    .record(z.string(), z.string())
    .default({})
    .describe("Values of variables in the URLs of the document's servers, in place of their defaults"),
  credentials: z
    .record(z.string(), credentials)
    .default({})
    .describe(
      "What the document's security schemes want, by their names there. The connector's own `auth` is sent besides",
    ),
  result: z
    .enum(['body', 'response'])
    .default('body')
    .describe('What an action gives: the body of the answer, or an object of `status`, `headers` and `body`'),
  check_answers: z
    .enum(['off', 'warn', 'refuse'])
    .default('warn')
    .describe(
      'What to do with an answer that is not what the document says: nothing, tell the log, or fail (UPSTREAM_5XX)',
    ),
});

export type OpenApiSettings = z.output<typeof configSchema>;
export type Credentials = z.output<typeof credentials>;

/** Whether it is a URL that says who is asking. */
export function hasCredentials(text: string): boolean {
  const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null;
  return url !== null && `${url.username}${url.password}` !== '';
}
