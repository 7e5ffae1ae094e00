import { isUtf8 } from 'node:buffer';
import { InvalidInputError } from '@automate/sdk';
import type { JsonValue } from '@automate/sdk';
import { MAX_REPLY_BYTES, MAX_VALUE_BYTES } from './schemas.ts';
import type { Value } from './schemas.ts';

/** What Redis answers, as the driver gives it: texts are states such as `OK`, or whole numbers. */
export type Reply = Buffer | string | null | Reply[];

/** A value as it is sent. */
export function toRedis(value: Value): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value.base64, 'base64');
}

/** Bytes as text where they are UTF-8, else as base64. Throws InvalidInputError beyond the limit. */
export function fromBytes(bytes: Buffer): Value {
  if (bytes.length > MAX_VALUE_BYTES)
    throw new InvalidInputError(
      `the value has ${bytes.length} bytes; at most ${MAX_VALUE_BYTES} are sent; ask for parts of it with GETRANGE through the action command`,
      { details: { reason: 'value_too_large' } },
    );
  return isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString('base64') };
}

/** What was found under a name. */
export function toLookup(reply: Reply): { found: boolean; value?: Value } {
  return Buffer.isBuffer(reply) ? { found: true, value: fromBytes(reply) } : { found: false };
}

/** Any reply as JSON: whole numbers beyond 2^53 as text. Throws InvalidInputError where it is too large to send. */
export function toJson(reply: Reply): JsonValue {
  const json = convert(reply);
  const size = Buffer.byteLength(JSON.stringify(json));
  if (size <= MAX_REPLY_BYTES) return json;
  throw new InvalidInputError(
    `the reply has ${size} bytes as JSON; at most ${MAX_REPLY_BYTES} are sent; ask for less`,
    {
      details: { reason: 'reply_too_large' },
      // The command itself has been done.
      effect: 'maybe',
    },
  );
}

function convert(reply: Reply): JsonValue {
  if (Buffer.isBuffer(reply)) return fromBytes(reply);
  if (Array.isArray(reply)) return reply.map(convert);
  if (reply !== null && /^-?\d+$/.test(reply) && Number.isSafeInteger(Number(reply))) return Number(reply);
  return reply;
}
