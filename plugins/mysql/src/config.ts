import { localPath } from '@automate/sdk';
import { loginSettings, serverSettings } from '@automate/sql';
import { z } from 'zod';

/** The settings of a MySQL connector. */
export const configSchema = z.strictObject({
  ...loginSettings({
    uri: 'mysql://user:password@host:3306/database',
    user: 'root',
    zone: '+02:00',
    sockets: ['socket'],
  }),
  socket: z
    .string()
    .min(1)
    .meta(localPath('socket'))
    .optional()
    .describe('The path of a Unix socket, in place of `host` and `port`'),
  database: z.string().min(1).optional().describe('The database that statements mean when they name none'),
  sql_mode: z
    .string()
    .optional()
    .describe(
      "The session's, instead of the server's own and `STRICT_ALL_TABLES`, in which no value is cut in silence",
    ),
  ...serverSettings,
});

export type MysqlSettings = z.output<typeof configSchema>;
