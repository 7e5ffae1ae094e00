import { z } from 'zod';

/**
 * Commands that change the connection or block it. All calls share one connection, so none of these may be allowed.
 */
const NEVER: ReadonlySet<string> = new Set(
  `ASKING AUTH BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN CLIENT DISCARD EXEC FAILOVER HELLO MONITOR
  MULTI PSUBSCRIBE PSYNC PUNSUBSCRIBE QUIT READONLY READWRITE REPLCONF RESET SELECT SHUTDOWN SSUBSCRIBE SUBSCRIBE
  SUNSUBSCRIBE SYNC UNSUBSCRIBE UNWATCH WAIT WAITAOF WATCH XREAD XREADGROUP`.split(/\s+/),
);

/** The settings of a Redis connector. Where it is and who we are there say `host`, `port`, `auth` and `tls`. */
export const configSchema = z.strictObject({
  database: z.int().min(0).default(0).describe('Number of the database'),
  allow_commands: z
    .array(
      z
        .string()
        .regex(
          /^[A-Za-z][A-Za-z0-9._-]*( [A-Za-z][A-Za-z0-9._-]*)?$/,
          'expected a command such as "LPUSH" or "CONFIG GET"',
        )
        .refine((command) => !NEVER.has(command.split(' ')[0]?.toUpperCase() ?? ''), {
          error: 'this command changes or blocks the connection, which all calls share',
        }),
    )
    .default([])
    .describe('What the action `command` may send, e.g. `LPUSH` or `CONFIG GET`. By default nothing'),
});

export type RedisSettings = z.output<typeof configSchema>;
