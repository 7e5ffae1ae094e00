import { localPath } from '@automate/sdk';
import { loginSettings, serverSettings } from '@automate/sql';
import { z } from 'zod';

/** The settings of a PostgreSQL connector. */
export const configSchema = z.strictObject({
  ...loginSettings({ uri: 'postgresql://user:password@host:5432/database', user: 'postgres', zone: 'Europe/Berlin' }),
  socket: z
    .string()
    .startsWith('/')
    .meta(localPath('socket'))
    .optional()
    .describe(
      'The directory of a Unix socket, such as `/var/run/postgresql`, or the socket itself, in place of `host`',
    ),
  database: z.string().min(1).default('postgres').describe('The database on that server'),
  ...serverSettings,
});

export type PostgresSettings = z.output<typeof configSchema>;
