import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import type { KeyObject } from 'node:crypto';
import type { AuditKeys } from './audit-chain.ts';
import { seal } from './audit-chain.ts';

/**
 * How far the chain had come when it was last written. It lies outside of the table, so that a table whose end was cut off does
 * not reach as far as its head says.
 */
export interface AuditHead {
  readonly host: string;
  /** Writes to the table so far. */
  readonly batch: number;
  /** The newest record. */
  readonly seq: number;
  /** The hash of that one, in hexadecimal digits. */
  readonly hash: string;
  /** Id of the key that it is sealed with. */
  readonly key: string;
}

export type ReadHead =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'unfit';
      readonly why: string;
      /** Id of the key that it is sealed with, where that is not there. */ readonly lostKey?: string;
    }
  | ({ readonly kind: 'head' } & AuditHead);

/** The file of the head that belongs to a database. */
export function headFileOf(file: string): string {
  return `${file}-head`;
}

/** Reads the head of the chain in the database `file`, and whether it is as it was sealed. Throws what the file system throws. */
export function readHead(file: string, keys: AuditKeys): ReadHead {
  const text = readIfThere(headFileOf(file));
  if (text === undefined) return { kind: 'none' };
  const unfit = (why: string) => ({ kind: 'unfit', why }) as const;
  let value: Partial<AuditHead & { readonly seal: string }> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return unfit('is no JSON');
  }
  const { host, batch, seq, hash, key } = value ?? {};
  if (
    typeof host !== 'string' ||
    typeof batch !== 'number' ||
    typeof seq !== 'number' ||
    typeof hash !== 'string' ||
    typeof key !== 'string'
  )
    return unfit('is no head of an audit');
  const sealing = keys.get(key);
  if (sealing === undefined)
    return { ...unfit(`is sealed with the key ${JSON.stringify(key)}, which is not there`), lostKey: key };
  const head = { host, batch, seq, hash, key };
  return `${JSON.stringify(sealed(head, sealing))}\n` === text
    ? { kind: 'head', ...head }
    : unfit('is not as it was sealed');
}

/** Seals the head and puts it in place of the one before; what was there stays whole until then. */
export function writeHead(file: string, head: AuditHead, key: KeyObject): void {
  const target = headFileOf(file);
  const draft = `${target}-new`;
  const descriptor = openSync(draft, 'w', 0o600);
  try {
    writeSync(descriptor, `${JSON.stringify(sealed(head, key))}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(draft, target);
}

function sealed({ host, batch, seq, hash, key }: AuditHead, sealing: KeyObject) {
  return { host, batch, seq, hash, key, seal: seal(sealing, 'head', [host, batch, seq, hash, key]) };
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
