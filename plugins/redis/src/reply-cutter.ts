import { MAX_ITEMS, MAX_REPLY_BYTES, MAX_VALUE_BYTES } from './schemas.ts';

/** What was cut: the bytes of a value, or so many items at the end of a list, for which those after it stand in. */
export interface Cut {
  readonly what: 'value' | 'rest';
  readonly count: number;
}

/** A list that is on its way. */
interface List {
  /** Items that are still to come. */
  left: number;
  /** Items that the decoder still waits for; none for a list that is dropped from here on. */
  room: number;
}

/** Begins the error replies that stand for what was cut. No server and no script can know it. */
const MARK = crypto.randomUUID();
/** Of a state or an error. */
const MAX_LINE_BYTES = 64 * 1024;
const LINE_END = Buffer.from('\r\n');
const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

/** What an error stands for that a cutter has put into a reply; undefined for the server's own. */
export function cutOf(error: unknown): Cut | undefined {
  const { message } = (error ?? {}) as { readonly message?: unknown };
  if (typeof message !== 'string' || !message.startsWith(MARK)) return undefined;
  const [, what, count] = message.split(' ');
  return { what: what as Cut['what'], count: Number(count) };
}

const markOf = ({ what, count }: Cut): Buffer => Buffer.from(`-${MARK} ${what} ${count}\r\n`);

/**
 * Cuts replies on their way to the driver, which would hold them whole: values, lists and sums that no answer can hold
 * give way to error replies that tell their size, as `cutOf` reads them. The bytes must come as RESP2 has them, in order.
 */
export class ReplyCutter {
  readonly #lists: List[] = [];
  #chunk: Buffer = NOTHING;
  /** The beginning of a line whose end has not come yet. */
  #held: Buffer = NOTHING;
  /** Bytes of a value that are still to come. */
  #body = 0;
  /** Whether we are within a line that is too long to be handed on. */
  #isLong = false;
  #isDropping = false;
  /** What the reply takes in an answer at least, as far as it was handed on. */
  #bytes = 0;
  /** Items of the reply so far. */
  #items = 0;
  #kept: Buffer[] = [];
  /** The end of `#kept`, where it is a part of the chunk. */
  #run = { from: 0, to: 0 };

  /** What the driver is to read in place of a chunk. */
  cut(chunk: Buffer): readonly Buffer[] {
    this.#kept = [];
    this.#run = { from: 0, to: 0 };
    this.#chunk = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = NOTHING;
    for (let at = 0; at < this.#chunk.length;) {
      const end = this.#body > 0 ? this.#passBody(at) : this.#passLine(at);
      if (end === undefined) {
        this.#held = this.#chunk.subarray(at);
        break;
      }
      at = end;
    }
    this.#flush();
    return this.#kept;
  }

  #passBody(at: number): number {
    const end = Math.min(this.#chunk.length, at + this.#body);
    this.#keep(at, end);
    this.#body -= end - at;
    if (this.#body === 0) this.#end();
    return end;
  }

  /** @returns undefined where a line has not come whole */
  #passLine(at: number): number | undefined {
    const { length } = this.#chunk;
    const end = this.#chunk.indexOf(NEWLINE, at) + 1;
    if (this.#isLong) {
      if (end === 0) return length;
      this.#isLong = false;
      if (!this.#isDropping) this.#put(LINE_END);
      return this.#endLine(end);
    }
    const type = String.fromCharCode(this.#chunk[at] ?? 0);
    if (!'+-:$*'.includes(type)) {
      // What is no reply is for the driver to complain about.
      this.#put(this.#chunk.subarray(at));
      return length;
    }
    if (end === 0 && length - at < MAX_LINE_BYTES) return undefined;
    this.#isDropping = this.#drops();
    if (end === 0) {
      this.#isLong = true;
      this.#keep(at, at + MAX_LINE_BYTES - LINE_END.length);
      return length;
    }
    const count = type === '$' || type === '*' ? this.#number(at + 1, end) : -1;
    if (type === '$' && count >= 0) this.#beginValue(count, at, end);
    else if (type === '*' && count > 0) this.#beginList(count, at, end);
    else {
      this.#keep(at, end);
      this.#endLine(end);
    }
    return end;
  }

  #endLine(end: number): number {
    this.#bytes += 2;
    this.#end();
    return end;
  }

  #beginValue(count: number, at: number, end: number): void {
    const isTooLarge = count > MAX_VALUE_BYTES && !this.#isDropping;
    if (isTooLarge) this.#put(markOf({ what: 'value', count }));
    // Quotes, and what parts it from the next.
    else this.#bytes += count + 3;
    this.#isDropping ||= isTooLarge;
    this.#keep(at, end);
    this.#body = count + LINE_END.length;
  }

  #beginList(count: number, at: number, end: number): void {
    const isTooLong = count > MAX_ITEMS && !this.#isDropping;
    if (isTooLong) this.#put(Buffer.from(`*${MAX_ITEMS}\r\n`));
    else this.#keep(at, end);
    this.#lists.push({ left: count, room: this.#isDropping ? 0 : Math.min(count, MAX_ITEMS) });
  }

  /** Whether the item that begins is dropped: it is one of those that `rest` stands for. */
  #drops(): boolean {
    const list = this.#lists.at(-1);
    if (list === undefined || list.room === 0) return list !== undefined;
    this.#items += 1;
    if (this.#bytes <= MAX_REPLY_BYTES && this.#items <= MAX_ITEMS && (list.room > 1 || list.left === 1)) return false;
    this.#put(
      Buffer.concat([markOf({ what: 'rest', count: list.left }), Buffer.from('$-1\r\n'.repeat(list.room - 1))]),
    );
    list.room = 0;
    return true;
  }

  /** The end of an item, and of the lists that it is the last of. */
  #end(): void {
    for (let list = this.#lists.at(-1); list !== undefined; list = this.#lists.at(-1)) {
      list.left -= 1;
      list.room = Math.max(0, list.room - 1);
      if (list.left > 0) return;
      this.#lists.pop();
    }
    this.#bytes = 0;
    this.#items = 0;
  }

  /** A whole number that is written there; -1 for another one, and for what is none. */
  #number(from: number, end: number): number {
    let number = 0;
    for (let at = from; at < end - LINE_END.length; at += 1) {
      const digit = (this.#chunk[at] ?? 0) - 0x30;
      if (!(digit >= 0 && digit <= 9)) return -1;
      number = number * 10 + digit;
    }
    return number;
  }

  #keep(from: number, to: number): void {
    if (this.#isDropping) return;
    if (this.#run.to !== from) {
      this.#flush();
      this.#run.from = from;
    }
    this.#run.to = to;
  }

  #put(bytes: Buffer): void {
    this.#flush();
    this.#kept.push(bytes);
  }

  #flush(): void {
    const { from, to } = this.#run;
    if (to > from) this.#kept.push(this.#chunk.subarray(from, to));
    this.#run = { from: to, to };
  }
}
