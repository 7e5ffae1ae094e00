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
});
