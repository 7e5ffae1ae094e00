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
