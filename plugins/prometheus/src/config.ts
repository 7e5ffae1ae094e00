import { z } from 'zod';

/** A Prometheus connector has no settings of its own: `host`, `port`, `scheme`, `base_path`, `auth` and `tls` say it all. */
export const configSchema = z.strictObject({});
