import { serverSettings } from '@automate/sql';
import { z } from 'zod';

/** The settings of a MySQL connector. Where it is and who we are there say `host`, `port`, `auth` and `tls`. */
export const configSchema = z.strictObject({
  database: z.string().min(1).optional().describe('The database that statements mean when they name none'),
  user: z
    .string()
    .min(1)
    .default('root')
    .describe('Who we are where `auth` is none: the server trusts us or our certificate'),
  ...serverSettings,
});

export type MysqlSettings = z.output<typeof configSchema>;
