import { DatabaseSync } from 'node:sqlite';
import type { AuditFilter, AuditPage, AuditRecord } from '@automate/contract';

const DEFAULT_LIMIT = 100;
/** Records that one page looks at, whether they are among the answer or not: so much takes some tens of milliseconds. */
const ROWS_OF_A_PAGE = 20_000;

/** Reads a page of the records in the database `file`. What is no record any more is left out: `verifyAudit` tells of it. */
export function listAudit(file: string, filter: AuditFilter): AuditPage {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const { order = 'newest', cursor, limit = DEFAULT_LIMIT } = filter;
    const [sign, direction, from] = order === 'newest' ? ['<', 'DESC', Number.MAX_SAFE_INTEGER] : ['>', 'ASC', 0];
    const rows = database
      .prepare(`SELECT seq, body, hash FROM records WHERE seq ${sign} ? ORDER BY seq ${direction} LIMIT ?`)
      .iterate(cursor ?? from, ROWS_OF_A_PAGE) as unknown as IterableIterator<StoredRecord>;
    const lets = createFilter(filter);
    const records: AuditRecord[] = [];
    let looked = 0;
    let last = 0;
    for (const row of rows) {
      looked += 1;
      last = row.seq;
      const record = readRecord(row);
      if (record !== undefined && lets(record)) records.push(record);
      if (records.length === limit) break;
    }
    const isOver = looked < ROWS_OF_A_PAGE && records.length < limit;
    return { records, ...(isOver ? undefined : { next: last }) };
  } finally {
    database.close();
  }
}

interface StoredRecord {
  readonly seq: number;
  readonly body: string;
  readonly hash: Uint8Array;
}

function readRecord({ seq, body, hash }: StoredRecord): AuditRecord | undefined {
  try {
    const value = JSON.parse(body) as Omit<AuditRecord, 'seq' | 'hash'>;
    return { seq, ...value, hash: Buffer.from(hash).toString('hex') };
  } catch {
    return undefined;
  }
}

/** Times are of one length and in UTC, so that texts compare as they do. */
function createFilter({ since, until, ...wanted }: AuditFilter): (record: AuditRecord) => boolean {
  const from = since === undefined ? undefined : new Date(since).toISOString();
  const to = until === undefined ? undefined : new Date(until).toISOString();
  const { principal, connector, action, operation, code } = wanted;
  return (record) =>
    (from === undefined || record.at >= from) &&
    (to === undefined || record.at < to) &&
    (principal === undefined || record.principal === principal) &&
    (connector === undefined || record.connector === connector) &&
    (action === undefined || record.action === action) &&
    (operation === undefined || record.operation === operation) &&
    (code === undefined || record.code === code);
}
