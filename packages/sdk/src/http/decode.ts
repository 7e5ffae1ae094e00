import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { UpstreamError } from '@automate/contract';
import type { Answer } from './exchange.ts';
import { BodyTooLargeError } from './failure.ts';

const DECODERS = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** Unpacks a body that came compressed although it was not asked to. The bound holds for what comes out. */
export async function decodeAnswer(what: string, answer: Answer, maxBytes: number): Promise<Answer> {
  const encoding = answer.headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (encoding === 'identity' || answer.body.byteLength === 0) return answer;
  const decode = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding as keyof typeof DECODERS] : undefined;
  try {
    if (decode !== undefined) return { ...answer, body: await decode(answer.body, { maxOutputLength: maxBytes }) };
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw new BodyTooLargeError(maxBytes);
  }
  throw new UpstreamError(
    `${what} answered ${answer.status} with a body in the encoding "${encoding}" that cannot be read`,
    {
      retryable: false,
      details: { status: answer.status, reason: 'bad_encoding' },
    },
  );
}
