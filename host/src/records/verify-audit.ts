import { existsSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditExpectation, AuditFault, AuditVerdict } from '@automate/contract';
import { ConnectorError } from '@automate/contract';
import type { KeyObject } from 'node:crypto';
import type { AuditKeys } from './audit-chain.ts';
import { hashLink, isSameHash } from './audit-chain.ts';
import type { ReadHead } from './audit-head.ts';
import { headFileOf, readHead } from './audit-head.ts';
import type { AuditView, ChainEnd, ChainRow, FoundRow, LookAtAudit } from './audit-rows.ts';
import { sealChain } from './audit-table.ts';
import { lookAtSqliteAudit } from './sqlite-audit-rows.ts';

/** Records that are read before others have their turn. */
const ROWS_AT_A_TIME = 1_000;
/** How often a table and a head that belong together are looked for. */
const MOMENTS = 20;

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
 * Reads every record of a chain and says of the first that is not as it was written. A host may write meanwhile; what it writes from
 * now on is not looked at. Nothing is changed, so that a copy can be examined as well.
 *
 * @param file where its head lies, without `-head`; in SQLite the database. Undefined: with another host, so that nobody knows how far it went
 * @param look looks at the records. Default: at those in the database `file`
 */
export async function verifyAudit(
  file: string | undefined,
  keys: AuditKeys,
  expected?: AuditExpectation,
  look?: LookAtAudit,
): Promise<AuditVerdict> {
  if (look === undefined && !existsSync(file ?? ''))
    return verdictOf(undefined, newWalk(), 0, { message: `${file} is not there` });
  const lookAt = look ?? lookAtSqliteAudit(file ?? '');
  let found: { chain?: ChainRow | undefined; walked: Walked } = { walked: newWalk() };
  try {
    for (let tries = 1; ; tries += 1) {
      const verdict = await lookAt(async (view) => {
        const chain = await view.chain();
        found = { chain, walked: newWalk() };
        const head: ReadHead = file === undefined ? { kind: 'none' } : readHead(file, keys);
        // A host that runs has written in between; of one that does not the head is newer however often one looks.
        const overtaken = head.kind === 'head' && chain !== undefined && head.batch > chain.batch;
        if (overtaken && tries < MOMENTS) return undefined;
        const { walked } = found;
        const broken = (await view.fault()) ?? checkChain(chain, keys);
        if (broken !== undefined || chain === undefined) return verdictOf(chain, walked, 0, broken);
        await walk(view, { chain, keys, head, expected, walked });
        const fault =
          walked.fault ??
          (file === undefined ? undefined : checkHead(head, chain, { walked, file })) ??
          checkExpected(expected, chain, walked);
        const verdict = verdictOf(chain, walked, head.kind === 'head' ? Math.max(0, walked.last - head.seq) : 0, fault);
        return file === undefined ? { ...verdict, unprovenEnd: true as const } : verdict;
      });
      if (verdict !== undefined) return verdict;
    }
  } catch (error) {
    if (ConnectorError.is(error)) throw error;
    const at = found.walked.last === 0 ? {} : { seq: found.walked.last + 1 };
    const message = `the table cannot be read on: ${(error as Error).message}`;
    return verdictOf(found.chain, found.walked, 0, { ...at, message });
  }
}

function newWalk(): Walked {
  return { records: 0, first: 0, last: 0, hash: new Uint8Array() };
}

function verdictOf(
  chain: ChainRow | undefined,
  walked: Walked,
  unsealed: number,
  fault: AuditFault | undefined,
): AuditVerdict {
  return {
    ok: fault === undefined,
    host: typeof chain?.host === 'string' ? chain.host : '',
    records: walked.records,
    first: walked.first,
    last: walked.last,
    hash: Buffer.from(walked.hash).toString('hex'),
    unsealed,
    ...(fault === undefined ? undefined : { fault }),
  };
}

interface Walk {
  readonly chain: ChainRow;
  readonly keys: AuditKeys;
  readonly head: ReadHead;
  readonly expected: AuditExpectation | undefined;
  readonly walked: Walked;
}

/** Goes along the chain as far as it holds. */
async function walk(view: AuditView, { chain, keys, head, expected, walked }: Walk): Promise<void> {
  let before: ChainEnd = { seq: chain.cutSeq, hash: chain.cutHash };
  walked.hash = before.hash;
  let from = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const rows = await view.records(from, 'up', ROWS_AT_A_TIME);
    for (const row of rows) {
      walked.fault = checkRow(row, before, keys);
      if (walked.fault !== undefined) {
        if (keyOf(row, keys) === undefined) walked.fault = await nameForeignKey(view, row);
        return;
      }
      before = { seq: row.seq, hash: row.hash as Uint8Array };
      walked.records += 1;
      if (walked.first === 0) walked.first = row.seq;
      walked.last = row.seq;
      walked.hash = before.hash;
      if (head.kind === 'head' && row.seq === head.seq) walked.sealedHash = before.hash;
      if (row.seq === expected?.seq) walked.expectedHash = before.hash;
      from = row.seq;
    }
    if (rows.length < ROWS_AT_A_TIME) return;
    await nextTurn();
  }
}

function checkRow(
  { seq, key, isText, body, hash }: FoundRow,
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
  const right = isText && hash instanceof Uint8Array && isSameHash(hash, hashLink(sealing, before.hash, { seq, body }));
  return right
    ? undefined
    : { seq, message: `record ${seq} is not as it was written, or does not follow the one before it` };
}

function keyOf({ key }: Pick<FoundRow, 'key'>, keys: AuditKeys): KeyObject | undefined {
  return typeof key === 'string' ? keys.get(key) : undefined;
}

/** Says from where to where the records are under a key that is not there, and what comes after them. */
async function nameForeignKey(view: AuditView, { seq, key }: FoundRow): Promise<AuditFault> {
  const { next, to } = await view.otherKey(seq, key);
  const [what, are] = to === seq ? [`record ${seq}`, 'is'] : [`records ${seq} to ${to}`, 'are'];
  const changed = next === undefined ? '' : `; from record ${next.seq} on the key is ${JSON.stringify(next.key)}`;
  return {
    seq,
    message: `${what} ${are} sealed with the key ${JSON.stringify(key)}, which is not there${changed}`,
  };
}

function checkChain(chain: ChainRow | undefined, keys: AuditKeys): AuditFault | undefined {
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
