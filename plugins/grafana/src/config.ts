import { credentialFields, credentialsOf } from '@automate/alertmanager';
import { z } from 'zod';

/** Where Grafana is and how it lets us in is said by the endpoint and `auth` (bearer, with a service account's token). */
export const configSchema = z.strictObject({
  org_id: z
    .int()
    .positive()
    .optional()
    .describe(
      "Id of the organization that is asked, sent as X-Grafana-Org-Id: for users of several. Default: the credentials' own, which for a service account is the only one",
    ),
  webhook: z
    .strictObject({
      secret: z
        .string()
        .min(1)
        .optional()
        .describe("Secret of the contact point's HMAC signature, which Grafana 12 and newer have")
        .meta({ writeOnly: true }),
      header: z.string().min(1).default('X-Grafana-Alerting-Signature').describe('Header that carries the signature'),
      timestamp_header: z
        .string()
        .min(1)
        .optional()
        .describe(
          'Header with the time, where the contact point names one: what is older than five minutes is refused. It must be given here if it is there',
        ),
      ...credentialFields,
    })
    .refine((given) => {
      const credentials = credentialsOf(given);
      return credentials !== 'mixed' && (credentials !== undefined || given.secret !== undefined);
    }, 'expected a secret, a token, or a username with a password')
    .optional()
    .describe('How notifications of a contact point of the type webhook are verified. All that is given must fit'),
});

export type GrafanaSettings = z.output<typeof configSchema>;
