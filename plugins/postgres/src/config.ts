import { z } from 'zod';

/** The settings of a PostgreSQL connector. Where it is and who we are there say `host`, `port`, `auth` and `tls`. */
export const configSchema = z.strictObject({
  database: z.string().min(1).default('postgres').describe('The database on that server'),
  user: z
    .string()
    .min(1)
    .default('postgres')
    .describe('Who we are where `auth` is none: the server trusts us or our certificate'),
  read_only: z.boolean().default(false).describe('Refuse `execute` and `transaction`'),
  pool_size: z.int().min(1).max(100).optional().describe('Most connections at once. Default: `limits.concurrency`'),
  idle_timeout_ms: z.int().min(0).default(30_000).describe('How long a connection that nobody uses is kept'),
  max_rows: z
    .int()
    .min(1)
    .max(10_000)
    .default(1000)
    .describe('Most rows of one result, unless the call asks for fewer'),
});

export type PostgresSettings = z.output<typeof configSchema>;
