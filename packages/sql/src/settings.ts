import { localPath } from '@automate/sdk';
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

/** Settings that say where a server is and who we are there, beside `host`, `port`, `auth` and `tls`. */
export const loginSettings = (example: {
  readonly uri: string;
  readonly user: string;
  readonly zone: string;
  /** Parameters of the URI that are paths of sockets. */
  readonly sockets?: readonly string[];
}) => ({
  uri: z
    .string()
    .min(1)
    .meta({ writeOnly: true, ...localPath('uri', example.sockets === undefined ? {} : { sockets: example.sockets }) })
    .optional()
    .describe(`\`${example.uri}\`, in place of \`host\`, \`port\`, \`auth\` and \`database\``),
  user: z
    .string()
    .min(1)
    .default(example.user)
    .describe('Who we are where `auth` is none: the server trusts us or our certificate'),
  time_zone: z
    .string()
    .min(1)
    .optional()
    .describe(
      `The session's, as the server names it: \`UTC\`, \`${example.zone}\`. Default: what the server gives every client`,
    ),
});

export type ServerSettings = z.output<z.ZodObject<typeof serverSettings>>;
