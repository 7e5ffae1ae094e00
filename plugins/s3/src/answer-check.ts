import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { ConnectorError } from '@automate/sdk';
import { isSaidByStatus } from '@automate/sdk/exchange';
import { networkError } from './network-error.ts';
import type { Asked } from './network-error.ts';
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
  ListObjectVersionsCommand: 'ListVersionsResult',
  ListMultipartUploadsCommand: 'ListMultipartUploadsResult',
  GetObjectTaggingCommand: 'Tagging',
  CreateMultipartUploadCommand: 'InitiateMultipartUploadResult',
  CompleteMultipartUploadCommand: 'CompleteMultipartUploadResult',
};
/** A header that every service sends with the answer to these, and hardly anything else. */
const HEADER_OF: Readonly<Record<string, string>> = {
  GetObjectCommand: 'etag',
  HeadObjectCommand: 'etag',
  PutObjectCommand: 'etag',
  UploadPartCommand: 'etag',
};
/** Refusals of a condition and of a range, for which the status is the answer. */
const OF_REQUEST: ReadonlySet<number> = new Set([412, 416]);
/** A page of a listing holds at most 1000 keys of 1024 bytes, each of which encoding may triple. */
const MAX_XML_BYTES = 16 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;

/** Has every answer looked at before the library reads it: it must be S3's, and no longer than S3 makes them. */
export function checkAnswers(aws: S3Client, place: Omit<Asked, 'what'>): void {
  aws.middlewareStack.add(
    (next, context) => async (args) => {
      const command = String(context['commandName']);
      const asked = { what: command.replace(/Command$/, ''), ...place };
      try {
        const result = await next(args);
        const { method } = args.request as { readonly method: string };
        await checkAnswer(command, result.response as Answer, { ...asked, hasBody: method !== 'HEAD' });
        return result;
      } catch (thrown) {
        // Here it is known that the request itself failed; further out the library wraps what it does not know.
        throw ConnectorError.is(thrown) ? thrown : networkError(thrown, asked);
      }
    },
    { step: 'deserialize', priority: 'low', name: 'checkAnswers' },
  );
}

async function checkAnswer(
  command: string,
  answer: Answer,
  asked: Asked & { readonly hasBody: boolean },
): Promise<void> {
  const { statusCode: status, headers } = answer;
  if (status >= 300) {
    answer.body = Readable.from([Buffer.from(await readError(answer, asked))]);
    return;
  }
  const root = ROOT_OF[command];
  if (root !== undefined) {
    const { bytes, complete } = await readBytes(answer.body, MAX_XML_BYTES);
    const text = bytes.toString();
    if (!complete) throw badAnswer(asked, `more than ${MAX_XML_BYTES} bytes`);
    // CopyObject and its like may fail after they have answered 200; the library knows that.
    if (!text.includes(`<${root}`) && !text.includes('<Error'))
      throw badAnswer(asked, `no ${root} but ${beginning(text)}`);
    if (!new RegExp(`(</(${root}|Error)>|<${root}[^<>]*/>)\\s*$`).test(text))
      throw badAnswer(asked, `${root} without its end`);
    answer.body = Readable.from([Buffer.from(text)]);
    return;
  }
  const header = HEADER_OF[command];
  if (header !== undefined && headers[header] === undefined)
    throw letGo(answer, badAnswer(asked, `no ${header} header`));
  // Without either nobody can tell the end of an object from a connection that broke off.
  if (
    command === 'GetObjectCommand' &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined
  )
    throw letGo(answer, badAnswer(asked, 'an object without its length'));
  if (header !== undefined) return;
  // Some services call an answer without a body HTML; a page is one that has content.
  const text = (await readBytes(answer.body, MAX_ERROR_BYTES)).bytes.toString();
  if (text.trim() !== '' && (headers['content-type'] ?? '').includes('html')) throw badAnswer(asked, 'a web page');
  answer.body = Readable.from([Buffer.from(text)]);
}

/** Ends the connection of an answer whose body nobody reads: it would stay open for good. */
function letGo({ body }: Answer, error: ConnectorError): ConnectorError {
  (body as Partial<Readable>).destroy?.();
  return error;
}

/**
 * The text of a refusal, as far as it came: the status says more than the loss of its text.
 *
 * @throws UpstreamError where it is not S3 that refuses but something in front of it.
 */
export async function readError(
  { statusCode: status, body }: Pick<Answer, 'statusCode' | 'body'>,
  asked: Omit<Asked, 'region'> & { readonly hasBody: boolean },
): Promise<string> {
  const chunks: Uint8Array[] = [];
  const text = await readBytes(body, MAX_ERROR_BYTES, chunks).then(
    ({ bytes }) => bytes.toString(),
    () => Buffer.concat(chunks).toString(),
  );
  const explained = isSaidByStatus(status) || OF_REQUEST.has(status) || text.includes('<Error');
  if (asked.hasBody && status >= 400 && status < 500 && !explained)
    throw badAnswer(asked, `status ${status} with ${beginning(text)}`);
  return text;
}

/** The bytes of an answer up to a limit, and whether these are all. */
export async function readBytes(
  body: AsyncIterable<Uint8Array>,
  most: number,
  chunks: Uint8Array[] = [],
): Promise<{ readonly bytes: Buffer; readonly complete: boolean }> {
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length > most) break;
  }
  return { bytes: Buffer.concat(chunks).subarray(0, most), complete: length <= most };
}

function beginning(text: string): string {
  const start = text.trim().slice(0, 40);
  return start === '' ? 'nothing' : JSON.stringify(start);
}
