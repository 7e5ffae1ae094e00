import { z } from 'zod';

/** A Jaeger connector has no settings of its own: the endpoint of Jaeger's query service and `auth` say it all. */
export const configSchema = z.strictObject({});
