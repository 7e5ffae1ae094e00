import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { ConnectorError } from '@automate/sdk';
import { networkError } from './network-error.ts';
import { badAnswer } from './s3-error.ts';

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  body: AsyncIterable<Uint8Array>;
}

/** What the answer of each command begins with. The library reads any XML, even none, as an answer without content. */
const ROOT_OF: Readonly<Record<string, string>> = {
  ListBucketsCommand: 'ListAllMyBucketsResult',
  ListObjectsV2Command: 'ListBucketResult',
  CopyObjectCommand: 'CopyObjectResult',
  DeleteObjectsCommand: 'DeleteResult',
};
/** A header that every service sends with the answer to these, and hardly anything else. */
const HEADER_OF: Readonly<Record<string, string>> = {
  GetObjectCommand: 'etag',
  HeadObjectCommand: 'etag',
  PutObjectCommand: 'etag',
};
/** A page of a listing holds at most 1000 keys of 1024 bytes, each of which encoding may triple. */
const MAX_XML_BYTES = 16 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;

/** Has every answer looked at before the library reads it: it must be S3's, and no longer than S3 makes them. */
export function checkAnswers(aws: S3Client, endpoint: string): void {
  aws.middlewareStack.add(
    (next, context) => async (args) => {
      const command = String(context['commandName']);
      const asked = { what: command.replace(/Command$/, ''), endpoint };
      try {
        const result = await next(args);
        await check(command, result.response as Answer, asked);
        return result;
      } catch (thrown) {
        // Here it is known that the request itself failed; further out the library wraps what it does not know.
        throw ConnectorError.is(thrown) ? thrown : networkError(thrown, asked);
      }
    },
    { step: 'deserialize', priority: 'low', name: 'checkAnswers' },
  );
}

async function check(
  command: string,
  answer: Answer,
  asked: { readonly what: string; readonly endpoint: string },
): Promise<void> {
  if (answer.statusCode >= 300) {
    const { text } = await read(answer.body, MAX_ERROR_BYTES);
    answer.body = Readable.from([Buffer.from(text)]);
    return;
  }
  const root = ROOT_OF[command];
  if (root !== undefined) {
    const { text, complete } = await read(answer.body, MAX_XML_BYTES);
    if (!complete) throw badAnswer(asked, `more than ${MAX_XML_BYTES} bytes`);
    // CopyObject and DeleteObjects may fail after they have answered 200; the library knows that.
    if (!text.includes(`<${root}`) && !text.includes('<Error'))
      throw badAnswer(asked, `no ${root} but ${beginning(text)}`);
    answer.body = Readable.from([Buffer.from(text)]);
    return;
  }
  const header = HEADER_OF[command];
  if (header !== undefined && answer.headers[header] === undefined) throw badAnswer(asked, `no ${header} header`);
  if (header !== undefined) return;
  // Some services call an answer without a body HTML; a page is one that has content.
  const { text } = await read(answer.body, MAX_ERROR_BYTES);
  if (text.trim() !== '' && (answer.headers['content-type'] ?? '').includes('html'))
    throw badAnswer(asked, 'a web page');
  answer.body = Readable.from([Buffer.from(text)]);
}

async function read(
  body: AsyncIterable<Uint8Array>,
  most: number,
): Promise<{ readonly text: string; readonly complete: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length > most) break;
  }
  return { text: Buffer.concat(chunks).subarray(0, most).toString(), complete: length <= most };
}

function beginning(text: string): string {
  const start = text.trim().slice(0, 40);
  return start === '' ? 'nothing' : JSON.stringify(start);
}
