import { addAbortSignal } from 'node:stream';
import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { InvalidInputError, TransientNetworkError } from '@automate/sdk';

export interface ReadOptions {
  /** The request, as the subject of a sentence. */
  readonly what: string;
  /** Most bytes that are read; more are the caller's fault. */
  readonly most: number;
  readonly signal: AbortSignal;
}

/**
 * The bytes of an object, no more than allowed; of a larger one nothing is read.
 *
 * @throws InvalidInputError for more bytes; TransientNetworkError for fewer than announced.
 */
export async function readBody(answer: GetObjectCommandOutput, { what, most, signal }: ReadOptions): Promise<Buffer> {
  const { ContentLength: announced } = answer;
  const body = addAbortSignal(signal, answer.Body as Readable);
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (announced === undefined || announced <= most) {
    try {
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        length += chunk.byteLength;
        if (length > most) break;
        chunks.push(chunk);
      }
    } catch (error) {
      throw asChecksumError(error, what);
    }
  }
  if (length > most || (announced ?? 0) > most) {
    // The rest is on its way, and nobody will read it.
    body.destroy();
    const found = announced === undefined ? `more than ${most}` : String(announced);
    throw new InvalidInputError(
      `${what} would give ${found} bytes, and ${most} are allowed; ask for a range, raise max_bytes, or use presign_get`,
      {
        details: {
          reason: 'object_too_large',
          max_bytes: most,
          ...(announced === undefined ? {} : { size: announced }),
        },
      },
    );
  }
  if (announced !== undefined && length < announced) {
    throw bodyCutShort(what, length, announced);
  }
  return Buffer.concat(chunks);
}

/** The error for an object of which only the beginning came. */
export function bodyCutShort(what: string, length: number, announced: number): TransientNetworkError {
  return new TransientNetworkError(`${what}: the connection broke off after ${length} of ${announced} bytes`, {
    details: { reason: 'broken_off' },
  });
}

/** The library compares the bytes with the checksum that the service keeps. It has no class or code for what differs. */
export function asChecksumError(thrown: unknown, what: string): unknown {
  const { message } = (thrown ?? {}) as { readonly message?: unknown };
  if (typeof message !== 'string' || !message.startsWith('Checksum mismatch')) return thrown;
  return mismatch(what, thrown);
}

/** The error for bytes that changed on the way. */
export function mismatch(what: string, cause?: unknown): TransientNetworkError {
  return new TransientNetworkError(`${what}: the bytes that arrived are not those of the object`, {
    details: { reason: 'checksum_mismatch' },
    cause,
  });
}
