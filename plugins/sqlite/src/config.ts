import { localPath } from '@automate/sdk';
import { maxRowsSetting } from '@automate/sql';
import { z } from 'zod';

/** The name that SQLite gives to a database without a file. */
export const MEMORY = ':memory:';

/** The settings of a SQLite connector. It has no endpoint: host, port, auth and tls mean nothing to it. */
export const configSchema = z.strictObject({
  directory: z
    .string()
    .min(1)
    .meta(localPath('directory'))
    .optional()
    .describe('Directory that the database must lie in, links followed. Required unless the database is in memory'),
  file: z
    .string()
    .min(1)
    .meta(localPath('file', { within: 'directory' }))
    .describe('The database: a path within `directory`, or `:memory:` for one that ends with the connector'),
  create: z.boolean().default(false).describe('Create the file where it does not exist'),
  allow_memory: z.boolean().default(false).describe('Permit `:memory:` as `file`'),
  read_only: z
    .boolean()
    .default(false)
    .describe('Open the file for reading only: `execute`, `transaction`, `insert_rows` and `upsert_rows` are refused'),
  busy_timeout_ms: z
    .int()
    .min(0)
    .max(10_000)
    .default(1000)
    .describe('How long to wait for another process to release its lock'),
  max_rows: maxRowsSetting,
});

export type SqliteSettings = z.output<typeof configSchema>;
