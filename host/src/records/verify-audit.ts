import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { AuditExpectation, AuditFault, AuditVerdict } from '@automate/contract';
import type { KeyObject } from 'node:crypto';
import type { AuditKeys } from './audit-chain.ts';
import { hashLink, isSameHash } from './audit-chain.ts';
import type { ReadHead } from './audit-head.ts';
import { headFileOf, readHead } from './audit-head.ts';
import type { ChainRow } from './audit-table.ts';
import { AUDIT_TABLES, readChain, sealChain } from './audit-table.ts';

/** Records that are read before others have their turn. */
const ROWS_AT_A_TIME = 1_000;
/** How often a table and a head that belong together are looked for. */
const MOMENTS = 20;

interface StoredRow {
  readonly seq: number;
  readonly key: unknown;
  /** SQLite's name of the type that the body has. */
  readonly type: unknown;
  readonly body: Uint8Array;
  readonly hash: unknown;
}

interface Walked {
  records: number;
  first: number;
  last: number;
  hash: Uint8Array;
  fault?: AuditFault | undefined;
  /** Hash of the record that the head names. */
  sealedHash?: Uint8Array | undefined;
  expectedHash?: Uint8Array | undefined;
}

/**
 * Reads every record of the database `file` and says of the first that is not as it was written. A host may write meanwhile; what
 * it writes from now on is not looked at. Nothing is changed, so that a copy can be examined as well.
 */
export async function verifyAudit(file: string, keys: AuditKeys, expected?: AuditExpectation): Promise<AuditVerdict> {
  let database: DatabaseSync | undefined;
  let chain: ChainRow | undefined;
  const walked: Walked = { records: 0, first: 0, last: 0, hash: new Uint8Array() };
  const verdict = (unsealed: number, fault: AuditFault | undefined): AuditVerdict => ({
    ok: fault === undefined,
    host: typeof chain?.host === 'string' ? chain.host : '',
    records: walked.records,
    first: walked.first,
    last: walked.last,
    hash: Buffer.from(walked.hash).toString('hex'),
    unsealed,
    ...(fault === undefined ? undefined : { fault }),
  });
  try {
    if (!existsSync(file)) return verdict(0, { message: `${file} is not there` });
    database = new DatabaseSync(file, { readOnly: true });
    const moment = catchMoment(database, () => readHead(file, keys));
    const { head } = moment;
    chain = moment.chain;
    const broken = checkDatabase(database) ?? checkChain(chain, database, keys);
    if (broken !== undefined || chain === undefined) return verdict(0, broken);
    await walk(database, { chain, keys, head, expected, walked });
    const fault = walked.fault ?? checkHead(head, chain, { walked, file }) ?? checkExpected(expected, chain, walked);
    return verdict(head.kind === 'head' ? Math.max(0, walked.last - head.seq) : 0, fault);
  } catch (error) {
    const at = walked.last === 0 ? {} : { seq: walked.last + 1 };
    return verdict(0, { ...at, message: `the table cannot be read on: ${(error as Error).message}` });
  } finally {
    database?.close();
  }
}

interface Walk {
  readonly chain: ChainRow;
  readonly keys: AuditKeys;
  readonly head: ReadHead;
  readonly expected: AuditExpectation | undefined;
  readonly walked: Walked;
}

/** The table as it stands at a moment, from which on nothing of it changes here, and the head that belongs to it. */
function catchMoment(
  database: DatabaseSync,
  readItsHead: () => ReadHead,
): { readonly chain: ChainRow | undefined; readonly head: ReadHead } {
  for (let tries = 1; ; tries += 1) {
    database.exec('BEGIN');
    const chain = readChain(database);
    const head = readItsHead();
    // A host that runs has written in between; of one that does not the head is newer however often one looks.
    const overtaken = head.kind === 'head' && chain !== undefined && head.batch > chain.batch;
    if (!overtaken || tries === MOMENTS) return { chain, head };
    database.exec('COMMIT');
  }
}

/** Goes along the chain as far as it holds. */
async function walk(database: DatabaseSync, { chain, keys, head, expected, walked }: Walk): Promise<void> {
  const rows = database
    // As bytes: a text that is no UTF-8 would be read as another.
    .prepare('SELECT seq, key, typeof(body) AS type, CAST(body AS BLOB) AS body, hash FROM records ORDER BY seq')
    .iterate() as unknown as IterableIterator<StoredRow>;
  let before: { readonly seq: number; readonly hash: Uint8Array } = { seq: chain.cutSeq, hash: chain.cutHash };
  walked.hash = before.hash;
  for (const row of rows) {
    walked.fault = checkRow(row, before, keys);
    if (walked.fault !== undefined) {
      if (keyOf(row, keys) === undefined) walked.fault = nameForeignKey(database, row);
      return;
    }
    before = { seq: row.seq, hash: row.hash as Uint8Array };
    walked.records += 1;
    if (walked.first === 0) walked.first = row.seq;
    walked.last = row.seq;
    walked.hash = before.hash;
    if (head.kind === 'head' && row.seq === head.seq) walked.sealedHash = before.hash;
    if (row.seq === expected?.seq) walked.expectedHash = before.hash;
    if (walked.records % ROWS_AT_A_TIME === 0) {
      await nextTurn();
    }
  }
}

function checkRow(
  { seq, key, type, body, hash }: StoredRow,
  before: { readonly seq: number; readonly hash: Uint8Array },
  keys: AuditKeys,
): AuditFault | undefined {
  const next = before.seq + 1;
  if (seq < next) return { seq, message: `record ${seq} lies before the cut at ${before.seq}, and was put there` };
  if (seq > next)
    return {
      seq: next,
      message: seq === next + 1 ? `record ${next} is missing` : `records ${next} to ${seq - 1} are missing`,
    };
  const sealing = keyOf({ key }, keys);
  if (sealing === undefined)
    return { seq, message: `record ${seq} is sealed with the key ${JSON.stringify(key)}, which is not there` };
  const right =
    type === 'text' && hash instanceof Uint8Array && isSameHash(hash, hashLink(sealing, before.hash, { seq, body }));
  return right
    ? undefined
    : { seq, message: `record ${seq} is not as it was written, or does not follow the one before it` };
}

function keyOf({ key }: Pick<StoredRow, 'key'>, keys: AuditKeys): KeyObject | undefined {
  return typeof key === 'string' ? keys.get(key) : undefined;
}

/** Says from where to where the records are under a key that is not there, and what comes after them. */
function nameForeignKey(database: DatabaseSync, { seq, key }: StoredRow): AuditFault {
  const after = database.prepare('SELECT seq, key FROM records WHERE seq > ? AND key IS NOT ? ORDER BY seq LIMIT 1');
  const next = after.get(seq, key as string);
  const last = database
    .prepare('SELECT max(seq) AS seq FROM records WHERE seq < ?')
    .get(Number(next?.['seq'] ?? Infinity));
  const to = Number(last?.['seq'] ?? seq);
  const [what, are] = to === seq ? [`record ${seq}`, 'is'] : [`records ${seq} to ${to}`, 'are'];
  const changed =
    next === undefined ? '' : `; from record ${String(next['seq'])} on the key is ${JSON.stringify(next['key'])}`;
  return {
    seq,
    message: `${what} ${are} sealed with the key ${JSON.stringify(key)}, which is not there${changed}`,
  };
}

/** What SQLite itself finds: pages that name one another wrongly would hide rows, or show them twice. */
function checkDatabase(database: DatabaseSync): AuditFault | undefined {
  const [finding] = database.prepare('PRAGMA integrity_check(1)').all();
  const said = String(finding?.['integrity_check'] ?? 'nothing');
  if (said !== 'ok') return { message: `the database is damaged: ${said}` };
  const isRight = isDeepStrictEqual(tablesOf(database), tablesAsMade());
  return isRight ? undefined : { message: 'the tables are not as the host makes them' };
}

function tablesAsMade(): unknown {
  const database = new DatabaseSync(':memory:');
  for (const statement of AUDIT_TABLES) database.exec(statement);
  const tables = tablesOf(database);
  database.close();
  return tables;
}

/** Triggers and views would be among them. */
function tablesOf(database: DatabaseSync): unknown {
  return database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name').all();
}

function checkChain(chain: ChainRow | undefined, database: DatabaseSync, keys: AuditKeys): AuditFault | undefined {
  const rows = Number(database.prepare('SELECT count(*) AS rows FROM chain').get()?.['rows']);
  if (rows > 1) return { message: 'the table "chain" has more than its one row' };
  if (chain === undefined)
    return { message: 'the table "chain" does not have its one row, which says whose records these are' };
  const sealing = keys.get(chain.key);
  if (sealing === undefined)
    return {
      message: `the table "chain" is sealed with the key ${JSON.stringify(chain.key)}, which is not there; there ${keys.size === 0 ? 'is none' : `${keys.size === 1 ? 'is' : 'are'} ${[...keys.keys()].map((id) => JSON.stringify(id)).join(', ')}`}`,
    };
  const right = chain.cutHash instanceof Uint8Array && chain.seal === sealChain(chain, sealing);
  return right
    ? undefined
    : { message: 'the table "chain" is not as it was sealed: it says where records were cut off' };
}

/** Whether the table reaches as far as its head says, and is of that very chain. */
function checkHead(
  head: ReadHead,
  chain: ChainRow,
  { walked, file }: { readonly walked: Walked; readonly file: string },
): AuditFault | undefined {
  const where = headFileOf(file);
  if (head.kind === 'none')
    return { message: `${where} is not there: whether records are missing at the end cannot be told` };
  if (head.kind === 'unfit') return { message: `${where} ${head.why}` };
  if (head.host !== chain.host) return { message: `${where} belongs to the chain of another host, ${head.host}` };
  if (head.seq > walked.last)
    return {
      seq: walked.last + 1,
      message: `the end is cut off: the head says that there are records up to ${head.seq}, and the last is ${walked.last}`,
    };
  if (walked.sealedHash !== undefined && Buffer.from(walked.sealedHash).toString('hex') !== head.hash)
    return { seq: head.seq, message: `record ${head.seq} is another than the one that the head was sealed over` };
  // One write may have been committed and not sealed when the host was killed, and a host that runs writes on.
  const behind = chain.batch - head.batch;
  if (behind < 0) return { message: `${where} is newer than the table, which was put back to what it was before` };
  if (behind === 0 && walked.last > head.seq)
    return { seq: head.seq + 1, message: `record ${head.seq + 1} came after the last that the head knows of` };
  return behind <= 1
    ? undefined
    : { message: `${where} is ${behind} writes older than the table: an older head was put in its place` };
}

function checkExpected(
  expected: AuditExpectation | undefined,
  chain: ChainRow,
  walked: Walked,
): AuditFault | undefined {
  if (expected === undefined) return undefined;
  const { seq, hash } = expected;
  if (seq === chain.cutSeq && Buffer.from(chain.cutHash).toString('hex') === hash.toLowerCase()) return undefined;
  if (seq <= chain.cutSeq) return { seq, message: `record ${seq}, which is expected, was cut off, as it was old` };
  if (walked.expectedHash === undefined) return { seq, message: `record ${seq}, which is expected, is not there` };
  return Buffer.from(walked.expectedHash).toString('hex') === hash.toLowerCase()
    ? undefined
    : { seq, message: `record ${seq} is another than the one that is expected` };
}
