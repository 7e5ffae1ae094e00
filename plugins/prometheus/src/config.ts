import { credentialFields, credentialsOf } from '@automate/alertmanager';
import { z } from 'zod';

/** Where the server is and how it lets us in is said by `host`, `port`, `scheme`, `base_path`, `auth` and `tls`. */
export const configSchema = z.strictObject({
  tenant: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Sent as X-Scope-OrgID, by which Mimir, Cortex and Thanos tell tenants apart; a call may name another. Pinned for all calls by `auth.headers`',
    ),
});

/** The same for an Alertmanager, and how it shows that its notifications are its own. */
export const alertmanagerConfigSchema = configSchema.extend({
  webhook: z
    .strictObject(credentialFields)
    .refine((given) => typeof credentialsOf(given) === 'object', 'expected a token, or a username with a password')
    .optional()
    .describe(
      'What the Alertmanager shows with the notifications that it sends here (`webhook_configs`, `http_config`)',
    ),
});
