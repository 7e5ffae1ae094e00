import { localPath } from '@automate/sdk';
import { z } from 'zod';

/** The settings of a connector to an MCP server: one that is reached over HTTP, or one that is started. */
export const configSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .refine((url) => !/^https?:\/\/[^/?#]*@/i.test(url), {
        error: 'expected a URL without credentials: they belong in `auth`',
      })
      .optional()
      .describe(
        "The server's URL (streamable HTTP). Or set the connector's own `host`, `port`, `scheme` and `base_path`",
      ),
    command: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The program to start, which speaks MCP over its standard streams. Only in the configuration file, and only where `plugins.grants` has `child_process`',
      )
      .meta(localPath('program')),
    args: z.array(z.string()).default([]).describe('Arguments of the program'),
    env: z
      .record(z.string(), z.string().meta({ writeOnly: true }))
      .default({})
      .describe("Environment of the program, which sees nothing of the host's own"),
    include: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('The tools that become actions, by name; `*` is anything. Default: all'),
    exclude: z.array(z.string().min(1)).default([]).describe('Those of them that do not, by the same patterns'),
  })
  .refine(({ url, command }) => url === undefined || command === undefined, {
    error: 'expected either url or command, and not both',
    path: ['command'],
  });

export type McpSettings = z.output<typeof configSchema>;
