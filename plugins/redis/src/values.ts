import { isUtf8 } from 'node:buffer';
import { InvalidInputError, UpstreamError } from '@automate/sdk';
import type { JsonValue } from '@automate/sdk';
import type { CommandKind } from './commands.ts';
import { cutOf } from './reply-cutter.ts';
import { MAX_ITEMS, MAX_REPLY_BYTES, MAX_VALUE_BYTES } from './schemas.ts';
import type { Value } from './schemas.ts';

/** What Redis answers, as the driver gives it: texts are whole numbers, bytes values and states, errors those in a list. */
export type Reply = Buffer | string | null | Error | Reply[];

/** A reply as JSON. */
export interface Answer {
  readonly json: JsonValue;
  /** Whether parts of it were too large, and only their sizes stand in their places. */
  readonly truncated: boolean;
}

/** Most lists within each other: below what the host lets through, as the reply is a member of the result. */
const MAX_DEPTH = 60;

/** A value as it is sent. */
export function toRedis(value: Value): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value.base64, 'base64');
}

/**
 * Any reply as JSON: whole numbers beyond 2^53 as text, bytes that are not UTF-8 as base64, errors within lists as
 * `{"error"}`. What is too large is refused after a read, which can be done otherwise; what a change replied cannot be
 * asked again, so that its large values are cut to `{"truncated": n}`.
 *
 * @throws InvalidInputError, effect `none`, for what was only read
 */
export function toAnswer(reply: Reply, kind: CommandKind): Answer {
  const whole = new Converter('text');
  const json = whole.convert(reply);
  if (whole.fits) return { json, truncated: false };
  // Texts full of characters that JSON must escape are shorter as base64.
  const dense = new Converter('shortest');
  const shorter = dense.convert(reply);
  if (dense.fits) return { json: shorter, truncated: false };
  if (kind === 'read') throw tooLarge(reply);
  return { json: new Converter('cut').convert(reply), truncated: true };
}

/** How many, as a command that changed something replied. */
export function toCount(reply: Reply): number {
  if (typeof reply !== 'string') throw badAnswer();
  return Number(reply);
}

/** Whether a change was confirmed. */
export function isOk(reply: Reply): boolean {
  return Buffer.isBuffer(reply) && reply.toString() === 'OK';
}

/** What a server says that does not answer as Redis does, after it was asked for a change. */
export function badAnswer(): UpstreamError {
  return new UpstreamError('the server did not answer as Redis does; the operator must check host and port', {
    blame: 'operator',
    retryable: false,
    details: { reason: 'bad_answer' },
  });
}

/** What was found under a name. */
export function toLookup(reply: Reply): { found: boolean; value?: Value } {
  return reply === null ? { found: false } : { found: true, value: toAnswer(reply, 'read').json as Value };
}

function tooLarge(reply: Reply): InvalidInputError {
  const options = { effect: 'none' } as const;
  const bytes = Buffer.isBuffer(reply) ? reply.length : cutOf(reply)?.count;
  return bytes !== undefined
    ? new InvalidInputError(
        `the value has ${bytes} bytes; at most ${MAX_VALUE_BYTES} are sent; ask for parts of it with GETRANGE through the action command`,
        { ...options, details: { reason: 'value_too_large' } },
      )
    : new InvalidInputError(
        `the reply is larger than ${MAX_REPLY_BYTES} bytes of JSON, ${MAX_ITEMS} items or ${MAX_DEPTH} lists within each other, or holds a value of more than ${MAX_VALUE_BYTES} bytes; ask for less`,
        { ...options, details: { reason: 'reply_too_large' } },
      );
}

/** How values are written: as text where they can be, in the shorter of two ways, or so and only while there is room. */
type Form = 'text' | 'shortest' | 'cut';

class Converter {
  readonly #form: Form;
  #bytes = 0;
  #isSpoilt = false;

  constructor(form: Form) {
    this.#form = form;
  }

  get fits(): boolean {
    return !this.#isSpoilt && this.#bytes <= MAX_REPLY_BYTES;
  }

  convert(reply: Reply, depth = 0): JsonValue {
    if (!this.fits && this.#form !== 'cut') return null;
    if (Array.isArray(reply)) return this.#list(reply, depth);
    if (Buffer.isBuffer(reply)) return this.#value(reply);
    // Not by its class: it may be one of another realm.
    if (typeof reply === 'object' && reply !== null) return this.#error(reply);
    const isExact = reply !== null && Number.isSafeInteger(Number(reply));
    return this.#count(isExact ? Number(reply) : reply);
  }

  #list(replies: Reply[], depth: number): JsonValue {
    if (depth >= MAX_DEPTH) {
      this.#isSpoilt = true;
      return { truncated: replies.length };
    }
    this.#bytes += 3;
    const list: JsonValue[] = [];
    for (const [index, reply] of replies.entries()) {
      if (this.#form === 'cut' && this.#isFull()) {
        list.push({ truncated: replies.length - index });
        break;
      }
      list.push(this.convert(reply, depth + 1));
      if (cutOf(reply)?.what === 'rest') break;
    }
    return list;
  }

  #error(reply: Error): JsonValue {
    const cut = cutOf(reply);
    if (cut === undefined) return this.#count({ error: reply.message });
    this.#isSpoilt = true;
    return this.#count({ truncated: cut.count });
  }

  #value(bytes: Buffer): JsonValue {
    const shown = bytes.length > MAX_VALUE_BYTES ? undefined : this.#write(bytes);
    if (shown !== undefined && !(this.#form === 'cut' && this.#isFull(jsonSize(shown)))) return this.#count(shown);
    this.#isSpoilt = true;
    return this.#count({ truncated: bytes.length });
  }

  #write(bytes: Buffer): Value {
    const base64 = (): Value => ({ base64: bytes.toString('base64') });
    if (!isUtf8(bytes)) return base64();
    const text = bytes.toString();
    const isShort = this.#form === 'text' || jsonSize(text) <= (bytes.length * 4) / 3 + 16;
    return isShort ? text : base64();
  }

  /** Leaves room for the marks of what is cut. */
  #isFull(more = 0): boolean {
    return this.#bytes + more > MAX_REPLY_BYTES - 64 * MAX_DEPTH;
  }

  #count<T extends JsonValue>(json: T): T {
    this.#bytes += jsonSize(json) + 1;
    return json;
  }
}

function jsonSize(json: JsonValue): number {
  return Buffer.byteLength(JSON.stringify(json));
}
