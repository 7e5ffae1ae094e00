import { openBatch } from './messages.ts';

/** Longest frame that a reader takes; it refuses a longer one by its length, before any of it is kept. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;

const HEADER_BYTES = 4;

/** What stands in a frame before each value. Most texts are ASCII, which is read several times faster than UTF-8. */
const NUMBER = 0;
const ASCII = 1;
const UTF8 = 2;

// Saved before a connector can replace them for itself: what stood in for them would write what the host reads.
const { allocUnsafe, byteLength } = Buffer;
const { write, writeDoubleLE, writeUInt8, writeUInt32LE } = Buffer.prototype as Buffer;
const writeText = unbound(write);
const writeDouble = unbound(writeDoubleLE);
const writeByte = unbound(writeUInt8);
const writeLength = unbound(writeUInt32LE);

/**
 * A batch as bytes, for a line that carries bytes: the length of the rest, then each value behind its tag, texts behind
 * their length. A text crosses as it is, so that a payload of JSON is not escaped into JSON once more.
 */
export function encodeFrame(batch: ArrayLike<string | number>): Buffer {
  let size = HEADER_BYTES;
  const lengths = openBatch();
  for (let index = 0; index < batch.length; index += 1) {
    const value = batch[index] as string | number;
    const length = typeof value === 'number' ? 8 : byteLength(value);
    lengths[index] = length;
    size += typeof value === 'number' ? 9 : 5 + length;
  }
  const frame = allocUnsafe(size);
  let at = writeLength(frame, size - HEADER_BYTES, 0);
  for (let index = 0; index < batch.length; index += 1) {
    const value = batch[index] as string | number;
    if (typeof value === 'number') {
      at = writeDouble(frame, value, writeByte(frame, NUMBER, at));
      continue;
    }
    const length = lengths[index] as number;
    const ascii = length === value.length;
    at = writeLength(frame, length, writeByte(frame, ascii ? ASCII : UTF8, at));
    at += writeText(frame, value, at, length, ascii ? 'latin1' : 'utf8');
  }
  return frame;
}

/** A method as a function, which looks nothing up when it is called. */
function unbound<Args extends unknown[], Result>(
  method: (...args: Args) => Result,
): (self: Buffer, ...args: Args) => Result {
  return Function.prototype.call.bind(method) as never;
}

/** Puts frames together from the pieces that a stream delivers them in. */
export class FrameReader {
  #pieces: Buffer[] = [];
  #have = 0;

  /**
   * The batches that are whole with this piece, which stays its owner's. Throws a RangeError where what came is no frame;
   * nothing can be read after that.
   */
  take(piece: Buffer): unknown[][] {
    this.#pieces.push(piece);
    this.#have += piece.length;
    const batches: unknown[][] = [];
    for (let length = this.#next(); length !== undefined && this.#have >= length; length = this.#next()) {
      const bytes = this.#join();
      batches.push(decodeFrame(bytes.subarray(HEADER_BYTES, length)));
      this.#pieces = this.#have === length ? [] : [bytes.subarray(length)];
      this.#have -= length;
    }
    const last = this.#pieces.pop();
    // Its owner may fill it anew.
    if (last !== undefined) this.#pieces.push(Buffer.from(last));
    return batches;
  }

  /** How long the frame at hand is, its header included. */
  #next(): number | undefined {
    if (this.#have < HEADER_BYTES) return undefined;
    const first = this.#pieces[0];
    const header = first !== undefined && first.length >= HEADER_BYTES ? first : this.#join();
    const length = header.readUInt32LE();
    if (length > MAX_FRAME_BYTES)
      throw new RangeError(`it sent a frame of ${length} bytes, and at most ${MAX_FRAME_BYTES} are taken`);
    return length + HEADER_BYTES;
  }

  #join(): Buffer {
    const [first] = this.#pieces;
    const whole = first !== undefined && this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces);
    this.#pieces = [whole];
    return whole;
  }
}

function decodeFrame(bytes: Buffer): unknown[] {
  const values: unknown[] = [];
  try {
    for (let at = 0; at < bytes.length;) {
      const tag = bytes.readUInt8(at);
      if (tag === NUMBER) {
        values.push(bytes.readDoubleLE(at + 1));
        at += 9;
        continue;
      }
      const from = at + 5;
      at = from + bytes.readUInt32LE(from - 4);
      if (tag > UTF8 || at > bytes.length) throw new RangeError('a value reaches beyond its frame');
      values.push(bytes.toString(tag === ASCII ? 'latin1' : 'utf8', from, at));
    }
  } catch (cause) {
    throw new RangeError('it sent a frame that cannot be read', { cause });
  }
  return values;
}
