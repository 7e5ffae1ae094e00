import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** The keys that a chain was ever sealed with, by id. Key objects: Node would make one of bytes for each record, which takes five times as long. */
export type AuditKeys = ReadonlyMap<string, KeyObject>;

/** A record as it is stored. */
export interface ChainLink {
  readonly seq: number;
  /** The id of the key. */
  readonly key: string;
  /** The record itself, JSON in UTF-8. */
  readonly body: Uint8Array;
}

/** What the hash of the first record begins with. */
export const GENESIS: Uint8Array = new Uint8Array(32);

/** A record's hash, which holds the one of the record before. Only who has the key can make one. */
export function hashLink(key: KeyObject, before: Uint8Array, { seq, body }: Omit<ChainLink, 'key'>): Buffer {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(seq));
  return createHmac('sha256', key).update('record\n').update(before).update(number).update(body).digest();
}

/** Seals values that belong together, in their order, as 64 hexadecimal digits. */
export function seal(key: KeyObject, what: 'head' | 'checkpoint', values: readonly (string | number)[]): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([what, ...values]))
    .digest('hex');
}

/** In constant time for hashes of the same length. */
export function isSameHash(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && timingSafeEqual(one, other);
}
