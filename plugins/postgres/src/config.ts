import { serverSettings } from '@automate/sql';
import { z } from 'zod';

/** The settings of a PostgreSQL connector. Where it is and who we are there say `host`, `port`, `auth` and `tls`. */
export const configSchema = z.strictObject({
  database: z.string().min(1).default('postgres').describe('The database on that server'),
  user: z
    .string()
    .min(1)
    .default('postgres')
    .describe('Who we are where `auth` is none: the server trusts us or our certificate'),
  ...serverSettings,
});

export type PostgresSettings = z.output<typeof configSchema>;
