import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Http2Stream } from 'node:http2';

/** What is said of one call. `size` is set where a text goes with it: how many bytes of UTF-8 it has. */
export interface Saying {
  size?: number;
}

export interface LineEndOptions<Heard extends Saying> {
  /** What both ends alone know, for this line alone. */
  readonly key: Uint8Array;
  /** Which of both ends this is: what one says does not count as said by the other. */
  readonly as: 'caller' | 'called';
  /** Hears one saying after the other, with its text, and in which batch it came: 1, 2, 3 … */
  hear(said: Heard, text: string, batch: number): void;
  /** What came is not what the other end can have sent; the stream is ended. */
  onBroken(error: Error): void;
}

const LENGTH_BYTES = 4;
const MAC_BYTES = 32;
const HEAD_BYTES = LENGTH_BYTES + MAC_BYTES + LENGTH_BYTES;
/** Texts of a batch that is not held back for more, in bytes. */
const LARGE_BYTES = 1024 * 1024;
/** A batch that is longer than any can be. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * One end of a line between two hosts: a stream of HTTP/2 that stays open, over which many calls go at the same time. What is said in one
 * turn of the event loop goes as one batch: a list in JSON, and the texts as they are, which nobody reads on the way, signed with its number.
 * So that a call costs neither a stream of its own nor a message.
 *
 * On the wire a batch is the number of bytes that follow (4 bytes, big-endian), an HMAC-SHA-256 of all behind it, the length of the list,
 * the list, the texts.
 */
export class LineEnd<Said extends Saying, Heard extends Saying> {
  readonly #stream: Http2Stream;
  readonly #options: LineEndOptions<Heard>;
  /** Made once: from bytes it takes longer than to sign. */
  readonly #key: KeyObject;
  #said: Said[] = [];
  #texts: string[] = [];
  #textBytes = 0;
  #sent = 0;
  #sending: NodeJS.Immediate | undefined;
  #heard = 0;
  #chunks: Buffer[] = [];
  #heldBytes = 0;
  #neededBytes = LENGTH_BYTES;

  constructor(stream: Http2Stream, options: LineEndOptions<Heard>) {
    this.#stream = stream;
    this.#options = options;
    this.#key = createSecretKey(options.key);
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  /** The last batch that was heard; 0 before the first one. */
  get heard(): number {
    return this.#heard;
  }

  /** Says something, soon; gives in which batch. */
  say(said: Said, text?: string): number {
    if (text !== undefined) {
      said.size = Buffer.byteLength(text);
      this.#texts.push(text);
      this.#textBytes += said.size;
    }
    this.#said.push(said);
    const batch = this.#sent + 1;
    if (this.#textBytes >= LARGE_BYTES) this.#send();
    else this.#sending ??= setImmediate(() => this.#send());
    return batch;
  }

  /** Ends this end's half once all is sent. */
  end(): void {
    this.#send();
    this.#stream.end();
  }

  #send(): void {
    clearImmediate(this.#sending);
    this.#sending = undefined;
    if (this.#said.length === 0 || this.#stream.destroyed || this.#stream.writableEnded) return;
    const list = JSON.stringify(this.#said);
    const listBytes = Buffer.byteLength(list);
    const batch = Buffer.allocUnsafe(HEAD_BYTES + listBytes + this.#textBytes);
    batch.writeUInt32BE(batch.byteLength - LENGTH_BYTES, 0);
    batch.writeUInt32BE(listBytes, LENGTH_BYTES + MAC_BYTES);
    let at = HEAD_BYTES;
    at += batch.write(list, at, 'utf8');
    for (const text of this.#texts) at += batch.write(text, at, 'utf8');
    this.#sent += 1;
    this.#macOf(this.#options.as, this.#sent, batch).copy(batch, LENGTH_BYTES);
    this.#said = [];
    this.#texts = [];
    this.#textBytes = 0;
    this.#stream.write(batch);
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#heldBytes += chunk.byteLength;
    if (this.#heldBytes < this.#neededBytes) return;
    const held = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    let at = 0;
    try {
      for (;;) {
        const left = held.byteLength - at;
        const length = left < LENGTH_BYTES ? 0 : LENGTH_BYTES + held.readUInt32BE(at);
        if (length > MOST_BYTES) throw new Error(`it says ${length} bytes at once`);
        this.#neededBytes = Math.max(LENGTH_BYTES, length);
        if (left < this.#neededBytes) break;
        const batch = held.subarray(at, at + length);
        at += length;
        this.#read(batch);
      }
    } catch (error) {
      this.#chunks = [];
      this.#stream.destroy();
      this.#options.onBroken(error as Error);
      return;
    }
    this.#chunks = at === held.byteLength ? [] : [held.subarray(at)];
    this.#heldBytes = held.byteLength - at;
  }

  #read(batch: Buffer): void {
    if (batch.byteLength < HEAD_BYTES) throw new Error('it is no batch');
    let at = HEAD_BYTES + batch.readUInt32BE(LENGTH_BYTES + MAC_BYTES);
    const list = batch.subarray(HEAD_BYTES, at);
    this.#heard += 1;
    const from = this.#options.as === 'caller' ? 'called' : 'caller';
    const mac = batch.subarray(LENGTH_BYTES, LENGTH_BYTES + MAC_BYTES);
    if (!timingSafeEqual(mac, this.#macOf(from, this.#heard, batch)))
      throw new Error('it is not signed by the other end');
    for (const said of JSON.parse(list.toString()) as Heard[]) {
      const { size = 0 } = said;
      this.#options.hear(said, size === 0 ? '' : batch.toString('utf8', at, at + size), this.#heard);
      at += size;
    }
  }

  #macOf(from: 'caller' | 'called', number: number, batch: Buffer): Buffer {
    const signed = batch.subarray(LENGTH_BYTES + MAC_BYTES);
    return createHmac('sha256', this.#key).update(`${from} ${number}\n`).update(signed).digest();
  }
}
