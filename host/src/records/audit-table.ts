import { randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { UnavailableError } from '@automate/contract';
import { inTransaction } from '../store/in-transaction.ts';
import { openDatabase } from '../store/open-database.ts';
import type { AuditKeys } from './audit-chain.ts';
import { GENESIS, hashLink, seal } from './audit-chain.ts';
import type { AuditHead } from './audit-head.ts';
import { headFileOf, readHead, writeHead } from './audit-head.ts';

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
  append(texts: readonly string[], doubt?: Doubt): Appended;
  /** Cuts off what is too old or too much, at most so many at a time, and says up to which record; undefined where nothing was. */
  trim(bounds: AuditBounds, now: number): { readonly upTo: number; readonly more: boolean } | undefined;
  close(): void;
}

/** Rows in which those of a write are looked for that ended unheard: more than one write has. */
const LATEST_ROWS = 50_000;

/** Rows that are cut off at a time; also how many more than `maxRows` there may be. */
const TRIM_ROWS = 1_000;

/** How the tables are made, in the order of their versions. */
export const AUDIT_TABLES: readonly string[] = [
  `CREATE TABLE records (
     seq INTEGER PRIMARY KEY NOT NULL,
     key TEXT NOT NULL,
     body TEXT NOT NULL,
     hash BLOB NOT NULL
   ) STRICT;
   CREATE TABLE chain (
     one INTEGER PRIMARY KEY CHECK (one = 1),
     host TEXT NOT NULL,
     batch INTEGER NOT NULL,
     cut_seq INTEGER NOT NULL,
     cut_hash BLOB NOT NULL,
     key TEXT NOT NULL,
     seal TEXT NOT NULL
   ) STRICT`,
];

/** What the table says of itself, under seal: whose it is, how often it was written, and where its beginning was cut off. */
export interface ChainRow {
  readonly host: string;
  readonly batch: number;
  readonly cutSeq: number;
  readonly cutHash: Uint8Array;
  readonly key: string;
  readonly seal: string;
}

export function readChain(database: DatabaseSync): ChainRow | undefined {
  const row = database.prepare('SELECT host, batch, cut_seq, cut_hash, key, seal FROM chain WHERE one = 1').get();
  if (row === undefined) return undefined;
  const { host, batch, cut_seq: cutSeq, cut_hash: cutHash, key, seal: sealed } = row;
  return { host, batch, cutSeq, cutHash, key, seal: sealed } as unknown as ChainRow;
}

export function sealChain({ host, batch, cutSeq, cutHash, key }: Omit<ChainRow, 'seal'>, sealing: KeyObject): string {
  return seal(sealing, 'checkpoint', [host, batch, cutSeq, Buffer.from(cutHash).toString('hex'), key]);
}

/** The end of the chain, which the next record follows. */
interface End {
  readonly seq: number;
  readonly hash: Uint8Array;
}

/**
 * Opens the table in the database `file`, and makes it where there is none.
 *
 * A table that does not fit its head is not mended, as that would hide what happened to it: where records are missing at its end
 * the next one takes the number that it would have had, and where the head is lost a number is left out.
 *
 * @throws UnavailableError, in words for the operator
 */
export function openAuditTable(file: string, { current, keys }: AuditKeyRing): AuditTable {
  const key = keys.get(current);
  if (key === undefined) throw new Error(`the key ${current} is not among the keys`);
  const head = readHead(file, keys);
  const lost = head.kind === 'unfit' ? head.lostKey : undefined;
  if (lost !== undefined) throw lostKeyError(file, lost);
  const database = openDatabase(file, { migrations: AUDIT_TABLES, what: 'the audit cannot be opened' });
  const sealedWith = readChain(database)?.key;
  if (typeof sealedWith === 'string' && !keys.has(sealedWith)) {
    database.close();
    throw lostKeyError(file, sealedWith);
  }
  const lastRow = database.prepare('SELECT seq, hash FROM records ORDER BY seq DESC LIMIT 1');
  const insert = database.prepare('INSERT INTO records (seq, key, body, hash) VALUES (?, ?, ?, ?)');
  const latest = database.prepare('SELECT body FROM records WHERE seq > ? ORDER BY seq DESC LIMIT ?');
  const count = database.prepare('SELECT count(*) AS rows FROM records');
  const oldest = database.prepare('SELECT seq, body, hash FROM records ORDER BY seq LIMIT ?');
  const removeUpTo = database.prepare('DELETE FROM records WHERE seq <= ?');
  const putChain = database.prepare(
    'INSERT OR REPLACE INTO chain (one, host, batch, cut_seq, cut_hash, key, seal) VALUES (1, ?, ?, ?, ?, ?, ?)',
  );

  const lastOf = (): End | undefined => lastRow.get() as unknown as End | undefined;
  const readHeadOf = (): AuditHead | undefined => {
    const head = readHead(file, keys);
    return head.kind === 'head' ? head : undefined;
  };

  let floor = findFloor(readHeadOf(), lastOf());
  /** What was committed and not yet sealed. */
  let unsealed: AuditHead | undefined;

  const sealHead = (): void => {
    if (unsealed === undefined) return;
    writeHead(file, unsealed, key);
    unsealed = undefined;
  };
  const endOf = (): End => {
    const last = lastOf();
    return last !== undefined && last.seq > floor.seq ? last : floor;
  };
  /** In a transaction: tells of one more write. */
  const moveOn = (end: End, cut?: End): AuditHead => {
    const chain = readChain(database);
    const head = chain === undefined ? readHeadOf() : undefined;
    const host = chain?.host ?? head?.host ?? randomUUID();
    const batch = Math.max(chain?.batch ?? 0, head?.batch ?? 0) + 1;
    const next = {
      host,
      batch,
      cutSeq: cut?.seq ?? chain?.cutSeq ?? 0,
      cutHash: cut?.hash ?? chain?.cutHash ?? GENESIS,
      key: current,
    };
    putChain.run(host, batch, next.cutSeq, next.cutHash, current, sealChain(next, key));
    return { host, batch, seq: end.seq, hash: Buffer.from(end.hash).toString('hex'), key: current };
  };
  const commit = (work: () => { readonly end: End; readonly cut?: End }): void => {
    // A write beyond one that is not sealed could not be told from a head that somebody put back.
    sealHead();
    const done = inTransaction(database, () => {
      const { end, cut } = work();
      return { end, head: moveOn(end, cut) };
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
    append(texts, doubt = { count: 0, after: 0 }) {
      const there = doubt.count === 0 ? [] : latest.all(doubt.after, LATEST_ROWS).map(({ body }) => body);
      const fresh = texts.filter((text, index) => {
        const at = index < doubt.count ? there.indexOf(text) : -1;
        if (at >= 0) there.splice(at, 1);
        return at < 0;
      });
      const known = texts.length - fresh.length;
      if (fresh.length === 0) return { first: endOf().seq + 1, known };
      let first = 0;
      commit(() => {
        let end = endOf();
        first = end.seq + 1;
        for (const text of fresh) {
          const seq: number = end.seq + 1;
          const hash = hashLink(key, end.hash, { seq, body: Buffer.from(text) });
          insert.run(seq, current, text, hash);
          end = { seq, hash };
        }
        return { end };
      });
      return { first, known };
    },
    trim({ maxAgeMs, maxRows }, now) {
      const rows = Number(count.get()?.['rows'] ?? 0);
      const tooMany = rows > maxRows + TRIM_ROWS ? rows - maxRows : 0;
      const candidates = oldest.all(Math.min(TRIM_ROWS, rows - 1)) as unknown as (End & { readonly body: string })[];
      const tooOld = new Date(now - maxAgeMs).toISOString();
      const keep = candidates.findIndex(({ body }, index) => index >= tooMany && !(timeOf(body) < tooOld));
      const cut = candidates[(keep === -1 ? candidates.length : keep) - 1];
      if (cut === undefined) return undefined;
      commit(() => {
        removeUpTo.run(cut.seq);
        return { end: endOf(), cut };
      });
      return { upTo: cut.seq, more: keep === -1 };
    },
    close: () => database.close(),
  };
}

/** Records under another key would hide the end of those before, and who has written what. */
export function lostKeyError(file: string, key: string): UnavailableError {
  return new UnavailableError(
    `the audit in ${file} is sealed with the master key ${key}, which is not there: give the key back that the host had before (MASTER_KEY_FILE, or keys/master.key of the data directory), below the new one if there is a new one; or, if it is lost, move ${file} and ${headFileOf(file)} to where old records are kept, and a new chain begins`,
    { retryable: false, blame: 'operator', effect: 'none', details: { reason: 'audit_key_lost', file } },
  );
}

/** Where the chain goes on. */
function findFloor(head: AuditHead | undefined, last: End | undefined): End {
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
