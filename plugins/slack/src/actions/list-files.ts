import { action } from '@automate/sdk';
import { z } from 'zod';
import { channelId } from '../inputs.ts';
import { parseAnswer } from '../outputs.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({
  channel: channelId.optional().describe('Files of one conversation alone'),
  user: z.string().min(1).optional().describe('Files of one user alone'),
  types: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('`spaces`, `snippets`, `images`, `gdocs`, `zips`, `pdfs`'),
  since: z.iso.datetime({ offset: true }).optional().describe('Files from then on: ISO 8601'),
  until: z.iso.datetime({ offset: true }).optional().describe('Files until then: ISO 8601'),
  limit: z.int().min(1).max(1000).default(100).describe('Most files of one page'),
  page: z.int().min(1).default(1).describe('`next_page` of the page before'),
});
const file = z.object({
  id: z.string(),
  name: z.string().nullish(),
  title: z.string().nullish(),
  mimetype: z.string().optional(),
  filetype: z.string().optional(),
  size: z.number().optional().describe('Bytes'),
  user: z.string().optional(),
  created: z.number().optional().describe('Seconds since the epoch'),
  permalink: z.string().optional(),
  url_private: z.string().optional().describe("Where the bytes are, for requests with the app's token"),
});
const output = z.object({
  files: z.array(file),
  next_page: z.int().optional().describe('The page that follows; absent on the last one'),
});
const answer = z.object({ files: z.array(file), paging: z.object({ page: z.int(), pages: z.int() }) });

/** Lists files. */
export const listFiles = (slack: SlackClient) =>
  action({
    description: 'Lists files of the workspace that the app can see, newest first, a page at a time.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    rateLimitClass: 'files.list',
    async run({ types, since, until, limit, ...rest }, { http }) {
      const listed = await slack.call(http, 'files.list', {
        ...rest,
        types: types?.join(','),
        ts_from: toSeconds(since),
        ts_to: toSeconds(until),
        count: limit,
      });
      const { files, paging } = parseAnswer(answer, listed, 'files.list');
      return { files, ...(paging.page < paging.pages ? { next_page: paging.page + 1 } : {}) };
    },
  });

function toSeconds(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Math.floor(Date.parse(time) / 1000);
}
