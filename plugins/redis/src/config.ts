import { localPath } from '@automate/sdk';
import { z } from 'zod';
import { NEVER } from './commands.ts';

/** A command, or one of its subcommands. Renamed commands may be named by digests. */
export const COMMAND = /^[A-Za-z0-9][A-Za-z0-9._-]*( [A-Za-z][A-Za-z0-9._-]*)?$/;

/** The settings of a Redis connector. Where it is and who we are there say `host`, `port`, `auth` and `tls`, or `url`. */
export const configSchema = z.strictObject({
  database: z.int().min(0).default(0).describe('Number of the database'),
  url: z
    .string()
    .min(1)
    .optional()
    .describe(
      '`redis://user:password@host:6379/0`, `rediss://…` for TLS or `unix:///path?db=0`, in place of `host` and `auth`',
    )
    .meta({ writeOnly: true, ...localPath('uri') }),
  socket_path: z
    .string()
    .min(1)
    .meta(localPath('socket'))
    .optional()
    .describe("Path of the server's Unix socket, in place of `host`"),
  read_only: z
    .boolean()
    .default(false)
    .describe('Refuse what changes something; a replica will do then, and is unhealthy otherwise'),
  max_lifetime_ms: z
    .int()
    .min(1000)
    .default(1_800_000)
    .describe('How long a connection is used at most, so that a name that moved to another server is followed'),
  allow_commands: z
    .array(
      z
        .string()
        .regex(COMMAND, 'expected a command such as "LPUSH" or "CONFIG GET"')
        .refine((command) => !NEVER.has(command.split(' ')[0]?.toUpperCase() ?? ''), {
          error: 'this command changes or blocks the connection, which all calls share',
        }),
    )
    .default([])
    .describe('What the action `command` may send, e.g. `LPUSH` or `CONFIG GET`. By default nothing'),
});

export type RedisSettings = z.output<typeof configSchema>;
