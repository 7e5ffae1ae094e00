import { promisify } from 'node:util';
import { brotliDecompress, constants, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib';
import { UpstreamError } from '@automate/contract';
import type { Answer } from './exchange.ts';
import { BodyTooLargeError } from './failure.ts';

interface DecodeOptions {
  /** Whether to say how much was read. */
  readonly info: true;
  readonly maxOutputLength: number;
  readonly finishFlush?: number | undefined;
}

interface Unpacked {
  readonly buffer: Uint8Array;
  /** `bytesWritten`: how many bytes of the packed ones were read. */
  readonly engine: { readonly bytesWritten: number };
}

type Decoder = (body: Uint8Array, options: DecodeOptions) => Promise<Unpacked>;

// Their types do not know what `info` changes.
const gzip = promisify(gunzip) as unknown as Decoder;
const zlib = promisify(inflate) as unknown as Decoder;
const raw = promisify(inflateRaw) as unknown as Decoder;
const brotli = promisify(brotliDecompress) as unknown as Decoder;
const zstd = promisify(zstdDecompress) as unknown as Decoder;

/** By the name in `Content-Encoding`, with what makes the decoder give what it has of a body that was cut off. */
const DECODERS: ReadonlyMap<string, readonly [Decoder, number]> = new Map([
  ['gzip', [gzip, constants.Z_SYNC_FLUSH]],
  ['x-gzip', [gzip, constants.Z_SYNC_FLUSH]],
  // Two forms go by this name: with a header, whose first byte is always the same kind, and without.
  ['deflate', [(body, options) => ((body[0] ?? 0) % 16 === 8 ? zlib : raw)(body, options), constants.Z_SYNC_FLUSH]],
  ['br', [brotli, constants.BROTLI_OPERATION_FLUSH]],
  ['zstd', [zstd, constants.ZSTD_e_flush]],
]);

/** What requests say that they understand. */
export const ACCEPT_ENCODING = 'gzip, deflate, br, zstd';

/** Encodings one over the other that are taken off; more are nothing but work. */
const MOST_ENCODINGS = 4;

/** An error's body is unpacked up to here. */
const ERROR_BYTES = 256 * 1024;

/**
 * Unpacks a body. The bound holds for what comes out of each encoding. What cannot be unpacked fails where the answer is
 * one; an error's status says enough without it, so there the body then counts as missing.
 */
export async function decodeAnswer(
  what: string,
  answer: Answer,
  { maxBytes, vital }: { readonly maxBytes: number; readonly vital: boolean },
): Promise<Answer> {
  const { 'content-encoding': ofBody = '', 'transfer-encoding': ofTransfer = '' } = answer.headers;
  const encodings = `${ofBody},${ofTransfer}`
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => !['', 'identity', 'chunked'].includes(name));
  if (encodings.length === 0 || answer.body.byteLength === 0) return answer;
  const cut = answer.fault !== undefined;
  try {
    let { body } = answer;
    if (encodings.length > MOST_ENCODINGS) throw new Error(`${encodings.length} encodings`);
    for (const name of encodings.toReversed()) {
      const [decode, flush] = DECODERS.get(name) ?? [];
      if (decode === undefined) throw new Error(`the encoding ${name}`);
      const maxOutputLength = vital ? maxBytes : Math.max(maxBytes, ERROR_BYTES);
      body = await unpack(decode, body, { info: true, maxOutputLength, ...(cut && { finishFlush: flush }) });
    }
    return { ...answer, body };
  } catch (error) {
    const fault =
      (error as { readonly code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
        ? new BodyTooLargeError(maxBytes)
        : unreadable(what, answer, encodings.join(', '));
    if (vital) throw fault;
    return { ...answer, body: new Uint8Array(), fault };
  }
}

/** All of it, which may be several packed texts one after the other; of gzip the decoder itself knows that. */
async function unpack(decode: Decoder, packed: Uint8Array, options: DecodeOptions): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let rest = packed;
  let left = options.maxOutputLength;
  while (rest.byteLength > 0) {
    const { buffer, engine } = await decode(rest, { ...options, maxOutputLength: Math.max(1, left) });
    parts.push(buffer);
    left -= buffer.byteLength;
    if (left < 0) throw Object.assign(new Error('too long'), { code: 'ERR_BUFFER_TOO_LARGE' });
    rest = rest.subarray(engine.bytesWritten);
    // What is rounded up to whole blocks ends in zeros.
    if (rest.every((byte) => byte === 0)) break;
    if (engine.bytesWritten === 0 || decode !== zstd) throw new Error('bytes after the end');
  }
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
}

function unreadable(what: string, { status }: Answer, encoding: string): UpstreamError {
  return new UpstreamError(`${what} answered ${status} with a body in the encoding "${encoding}" that cannot be read`, {
    retryable: false,
    details: { status, reason: 'bad_encoding' },
  });
}
