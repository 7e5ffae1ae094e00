import { localPath } from '@automate/sdk';
import { serverSettings } from '@automate/sql';
import { z } from 'zod';

/** The settings of a MySQL connector. Where it is and who we are there say `host`, `port`, `auth` and `tls`, or `uri`. */
export const configSchema = z.strictObject({
  uri: z
    .string()
    .min(1)
    .meta({ writeOnly: true, ...localPath('uri') })
    .optional()
    .describe('`mysql://user:password@host:3306/database`, in place of `host`, `port`, `auth` and `database`'),
  socket: z
    .string()
    .min(1)
    .meta(localPath('socket'))
    .optional()
    .describe('The path of a Unix socket, in place of `host` and `port`'),
  database: z.string().min(1).optional().describe('The database that statements mean when they name none'),
  user: z
    .string()
    .min(1)
    .default('root')
    .describe('Who we are where `auth` is none: the server trusts us or our certificate'),
  time_zone: z
    .string()
    .min(1)
    .optional()
    .describe("The session's, as the server names it: `UTC`, `+02:00`. Default: what the server gives every client"),
  sql_mode: z
    .string()
    .optional()
    .describe(
      "The session's, instead of the server's own and `STRICT_ALL_TABLES`, in which no value is cut in silence",
    ),
  ...serverSettings,
});

export type MysqlSettings = z.output<typeof configSchema>;
