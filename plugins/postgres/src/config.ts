import { localPath } from '@automate/sdk';
import { serverSettings } from '@automate/sql';
import { z } from 'zod';

/** The settings of a PostgreSQL connector. Where it is and who we are there say `host`, `port`, `auth` and `tls`, or `uri`. */
export const configSchema = z.strictObject({
  uri: z
    .string()
    .min(1)
    .meta({ writeOnly: true, ...localPath('uri') })
    .optional()
    .describe('`postgresql://user:password@host:5432/database`, in place of `host`, `port`, `auth` and `database`'),
  socket: z
    .string()
    .startsWith('/')
    .meta(localPath('socket'))
    .optional()
    .describe(
      'The directory of a Unix socket, such as `/var/run/postgresql`, or the socket itself, in place of `host`',
    ),
  database: z.string().min(1).default('postgres').describe('The database on that server'),
  user: z
    .string()
    .min(1)
    .default('postgres')
    .describe('Who we are where `auth` is none: the server trusts us or our certificate'),
  time_zone: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The session's, as the server names it: `UTC`, `Europe/Berlin`. Default: what the server gives every client",
    ),
  ...serverSettings,
});

export type PostgresSettings = z.output<typeof configSchema>;
