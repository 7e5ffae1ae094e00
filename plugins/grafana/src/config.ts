import { z } from 'zod';

/** A Grafana connector has no settings of its own: the endpoint and `auth` (bearer, with a service account's token) say it all. */
export const configSchema = z.strictObject({});
