import { z } from 'zod';
import { MAX_ROWS } from './limits.ts';

export const maxRowsSetting = z
  .int()
  .min(1)
  .max(MAX_ROWS)
  .default(1000)
  .describe('Most rows of one result, unless the call asks for fewer');

/** Settings that all databases with a server have. */
export const serverSettings = {
  read_only: z.boolean().default(false).describe('Refuse what changes something'),
  pool_size: z.int().min(1).max(100).optional().describe('Most connections at once. Default: `limits.concurrency`'),
  idle_timeout_ms: z.int().min(0).default(30_000).describe('How long a connection that nobody uses is kept'),
  max_lifetime_ms: z
    .int()
    .min(1000)
    .default(1_800_000)
    .describe('How long a connection is used at most, so that a name that moved to another server is followed'),
  max_rows: maxRowsSetting,
};

export type ServerSettings = z.output<z.ZodObject<typeof serverSettings>>;
