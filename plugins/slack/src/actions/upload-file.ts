import { action } from '@automate/sdk';
import { textUpTo, wholeText } from '@automate/sdk/exchange';
import { z } from 'zod';
import { messageTs } from '../message.ts';
import { parseAnswer } from '../outputs.ts';
import type { SlackClient } from '../slack-client.ts';

/** Most bytes of a file: as base64 they still fit into a payload. */
const MAX_BYTES = 2 * 1024 * 1024;
const MAX_BASE64 = Math.ceil(MAX_BYTES / 3) * 4;

const input = z
  .strictObject({
    filename: z.string().min(1).describe('Name of the file, with its ending'),
    text: wholeText.min(1).max(MAX_BYTES).optional().describe('The content as text'),
    base64: z
      .base64()
      .min(1)
      .max(MAX_BASE64, `expected at most ${MAX_BYTES} bytes, which are ${MAX_BASE64} characters of base64`)
      .optional()
      .describe(`The content as bytes, at most ${MAX_BYTES}`),
    channel: z
      .string()
      .min(1)
      .optional()
      .describe('Id of the channel that it is shared in; without it the file stays private'),
    thread_ts: messageTs.optional().describe('`ts` of the message to reply to'),
    initial_comment: z.string().min(1).optional().describe('The message that comes with it'),
    title: z.string().min(1).optional(),
    alt_text: textUpTo(1000).min(1).optional().describe('What an image shows, for screen readers'),
    snippet_type: z.string().min(1).optional().describe('Syntax of a text, e.g. `python`'),
  })
  .refine(({ text, base64 }) => (text === undefined) !== (base64 === undefined), {
    error: 'expected either text or base64',
  })
  .meta({ oneOf: [{ required: ['text'] }, { required: ['base64'] }] });

const output = z.object({
  id: z.string().describe('Id of the file'),
  title: z.string().optional(),
  permalink: z.string().optional(),
});

const addressAnswer = z.object({ upload_url: z.url(), file_id: z.string() });
const completeAnswer = z.object({ files: z.array(output).min(1) });

/** Uploads a file in Slack's three steps: ask for an address, send the bytes there, say where it shall appear. */
export const uploadFile = (slack: SlackClient) =>
  action({
    description: 'Uploads a file and shares it in a channel.',
    input,
    output,
    sideEffects: true,
    idempotent: false,
    rateLimitClass: 'files.upload',
    async run({ filename, text, base64, title, channel, alt_text, snippet_type, ...rest }, context) {
      const bytes = text === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text);
      const asked = await slack.call(context.http, 'files.getUploadURLExternal', {
        filename,
        length: bytes.byteLength,
        alt_txt: alt_text,
        snippet_type,
      });
      const { upload_url, file_id } = parseAnswer(addressAnswer, asked, 'files.getUploadURLExternal');
      await slack.upload(context.http, upload_url, bytes);
      const done = await slack.call(context.http, 'files.completeUploadExternal', {
        files: [{ id: file_id, ...(title === undefined ? {} : { title }) }],
        channel_id: channel,
        ...rest,
      });
      const [file] = parseAnswer(completeAnswer, done, 'files.completeUploadExternal').files;
      return file ?? { id: file_id };
    },
  });
