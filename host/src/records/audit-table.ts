import { randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { UnavailableError } from '@automate/contract';
import type { AuditKeys } from './audit-chain.ts';
import { GENESIS, hashLink, seal } from './audit-chain.ts';
import type { AuditHead } from './audit-head.ts';
import { readHead, writeHead } from './audit-head.ts';
import type { AuditPlace } from './audit-place.ts';
import { filesOfChain } from './audit-place.ts';
import type { AuditRows, ChainEnd, ChainRow, ChainRows } from './audit-rows.ts';

/** The key in use and all others that older records may have been sealed with. */
export interface AuditKeyRing {
  /** Id of the one in use. */
  readonly current: string;
  readonly keys: AuditKeys;
}

export interface AuditBounds {
  /** Records that are older, in milliseconds, are cut off. */
  readonly maxAgeMs: number;
  /** Of more records the oldest are cut off. */
  readonly maxRows: number;
}

/** Records at the beginning of a write that may have been written before. */
export interface Doubt {
  readonly count: number;
  /** They come after this record, if at all; 0 where that is not known. */
  readonly after: number;
}

/** What was added. */
export interface Appended {
  /** The number of the first record. */
  readonly first: number;
  /** How many were there already. */
  readonly known: number;
}

/** The table of records and the head beside it. One thread of a host has it; others may read, and write one after another. */
export interface AuditTable {
  /**
   * Adds records, each JSON, as one write, which outlives a kill and a power cut.
   *
   * @param doubt which of the first may be there already, as a write of them ended unheard; those are not added again
   */
  append(texts: readonly string[], doubt?: Doubt): Promise<Appended>;
  /** Cuts off what is too old or too much, at most so many at a time, and says up to which record; undefined where nothing was. */
  trim(bounds: AuditBounds, now: number): Promise<{ readonly upTo: number; readonly more: boolean } | undefined>;
  close(): Promise<void>;
}

/** Rows in which those of a write are looked for that ended unheard: more than one write has. */
const LATEST_ROWS = 50_000;

/** Rows that are cut off at a time; also how many more than `maxRows` there may be. */
const TRIM_ROWS = 1_000;

export function sealChain({ host, batch, cutSeq, cutHash, key }: Omit<ChainRow, 'seal'>, sealing: KeyObject): string {
  return seal(sealing, 'checkpoint', [host, batch, cutSeq, Buffer.from(cutHash).toString('hex'), key]);
}

/**
 * Opens the table of a place.
 *
 * A table that does not fit its head is not mended, as that would hide what happened to it: where records are missing at its end
 * the next one takes the number that it would have had, and where the head is lost a number is left out.
 *
 * @param openRows opens its records; they are closed with the table
 * @throws UnavailableError, in words for the operator
 */
export async function openAuditTable(
  place: AuditPlace,
  { current, keys }: AuditKeyRing,
  openRows: () => AuditRows,
): Promise<AuditTable> {
  const { file } = place;
  const key = keys.get(current);
  if (key === undefined) throw new Error(`the key ${current} is not among the keys`);
  const head = readHead(file, keys);
  const lost = head.kind === 'unfit' ? head.lostKey : undefined;
  if (lost !== undefined) throw lostKeyError(place, lost);
  const table = openRows();
  const readHeadOf = (): AuditHead | undefined => {
    const found = readHead(file, keys);
    return found.kind === 'head' ? found : undefined;
  };
  let floor: ChainEnd;
  try {
    const sealedWith = await table.read(async (rows) => (await rows.chain())?.key);
    if (typeof sealedWith === 'string' && !keys.has(sealedWith)) throw lostKeyError(place, sealedWith);
    floor = findFloor(readHeadOf(), await table.read((rows) => rows.last()));
  } catch (error) {
    await table.close();
    throw error;
  }
  /** What was committed and not yet sealed. */
  let unsealed: AuditHead | undefined;

  const sealHead = (): void => {
    if (unsealed === undefined) return;
    writeHead(file, unsealed, key);
    unsealed = undefined;
  };
  const endOf = async (rows: ChainRows): Promise<ChainEnd> => {
    const last = await rows.last();
    return last !== undefined && last.seq > floor.seq ? last : floor;
  };
  /** In a transaction: tells of one more write. */
  const moveOn = async (rows: ChainRows, end: ChainEnd, cut?: ChainEnd): Promise<AuditHead> => {
    const chain = await rows.chain();
    const before = chain === undefined ? readHeadOf() : undefined;
    const host = table.host ?? chain?.host ?? before?.host ?? randomUUID();
    const batch = Math.max(chain?.batch ?? 0, before?.batch ?? 0) + 1;
    const next = {
      host,
      batch,
      cutSeq: cut?.seq ?? chain?.cutSeq ?? 0,
      cutHash: cut?.hash ?? chain?.cutHash ?? GENESIS,
      key: current,
    };
    await rows.putChain({ ...next, seal: sealChain(next, key) });
    return { host, batch, seq: end.seq, hash: Buffer.from(end.hash).toString('hex'), key: current };
  };
  const commit = async (
    work: (rows: ChainRows) => Promise<{ readonly end: ChainEnd; readonly cut?: ChainEnd }>,
  ): Promise<void> => {
    // A write beyond one that is not sealed could not be told from a head that somebody put back.
    sealHead();
    const done = await table.write(async (rows) => {
      const { end, cut } = await work(rows);
      return { end, head: await moveOn(rows, end, cut) };
    });
    floor = done.end;
    unsealed = done.head;
    try {
      sealHead();
    } catch {
      // What was written is written. The next write says what ails the head.
    }
  };

  return {
    async append(texts, doubt = { count: 0, after: 0 }) {
      const latest = doubt.count === 0 ? [] : await table.read((rows) => rows.latest(doubt.after, LATEST_ROWS));
      const there = [...latest];
      const fresh = texts.filter((text, index) => {
        const at = index < doubt.count ? there.indexOf(text) : -1;
        if (at >= 0) there.splice(at, 1);
        return at < 0;
      });
      const known = texts.length - fresh.length;
      if (fresh.length === 0) return { first: (await table.read(endOf)).seq + 1, known };
      let first = 0;
      await commit(async (rows) => {
        let end = await endOf(rows);
        first = end.seq + 1;
        const added = fresh.map((body) => {
          const seq: number = end.seq + 1;
          const hash = hashLink(key, end.hash, { seq, body: Buffer.from(body) });
          end = { seq, hash };
          return { seq, key: current, body, hash };
        });
        await rows.insert(added);
        return { end };
      });
      return { first, known };
    },
    async trim({ maxAgeMs, maxRows }, now) {
      const { rows: count, candidates } = await table.read(async (rows) => {
        const all = await rows.count();
        return { rows: all, candidates: await rows.oldest(Math.min(TRIM_ROWS, all - 1)) };
      });
      const tooMany = count > maxRows + TRIM_ROWS ? count - maxRows : 0;
      const tooOld = new Date(now - maxAgeMs).toISOString();
      const keep = candidates.findIndex(({ body }, index) => index >= tooMany && !(timeOf(body) < tooOld));
      const cut = candidates[(keep === -1 ? candidates.length : keep) - 1];
      if (cut === undefined) return undefined;
      await commit(async (rows) => {
        await rows.removeUpTo(cut.seq);
        return { end: await endOf(rows), cut };
      });
      return { upTo: cut.seq, more: keep === -1 };
    },
    close: () => table.close(),
  };
}

/** Records under another key would hide the end of those before, and who has written what. */
export function lostKeyError(place: AuditPlace, key: string): UnavailableError {
  const { file, shared } = place;
  const which = shared === undefined ? `the audit in ${file}` : `the audit of this host, ${shared.host} in the store,`;
  return new UnavailableError(
    `${which} is sealed with the master key ${key}, which is not there: give the key back that the host had before (MASTER_KEY_FILE, or keys/master.key of the data directory), below the new one if there is a new one; or, if it is lost, move ${filesOfChain(place)} to where old records are kept, and a new chain begins`,
    { retryable: false, blame: 'operator', effect: 'none', details: { reason: 'audit_key_lost', file } },
  );
}

/** Where the chain goes on. */
function findFloor(head: AuditHead | undefined, last: ChainEnd | undefined): ChainEnd {
  if (head !== undefined) return { seq: head.seq, hash: Buffer.from(head.hash, 'hex') };
  if (last === undefined) return { seq: 0, hash: GENESIS };
  return { seq: last.seq + 1, hash: last.hash };
}

/** When it happened. What cannot be read is kept, as it has to be looked into. */
function timeOf(body: string): string {
  try {
    return String((JSON.parse(body) as { readonly at?: unknown }).at);
  } catch {
    return '~';
  }
}
