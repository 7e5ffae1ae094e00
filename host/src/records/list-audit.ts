import type { AuditFilter, AuditPage, AuditRecord } from '@automate/contract';
import type { FoundRow, LookAtAudit } from './audit-rows.ts';

export const DEFAULT_LIMIT = 100;
/** Records that one page looks at, whether they are among the answer or not: so much takes some tens of milliseconds. */
export const ROWS_OF_A_PAGE = 20_000;
/** Records that are read at once. */
export const ROWS_AT_A_TIME = 500;

/** Reads a page of the records. What is no record any more is left out: `verifyAudit` tells of it. */
export function listAudit(look: LookAtAudit, filter: AuditFilter): Promise<AuditPage> {
  const { order = 'newest', cursor, limit = DEFAULT_LIMIT } = filter;
  const [direction, start] = order === 'newest' ? (['down', Number.MAX_SAFE_INTEGER] as const) : (['up', 0] as const);
  const lets = createFilter(filter);
  return look(async (view) => {
    const records: AuditRecord[] = [];
    let looked = 0;
    let last = typeof cursor === 'number' ? cursor : start;
    while (looked < ROWS_OF_A_PAGE && records.length < limit) {
      const rows = await view.records(last, direction, ROWS_AT_A_TIME);
      for (const row of rows) {
        looked += 1;
        last = row.seq;
        const record = readRecord(row);
        if (record !== undefined && lets(record)) records.push(record);
        if (records.length === limit) break;
      }
      if (rows.length < ROWS_AT_A_TIME) return { records, ...(records.length < limit ? undefined : { next: last }) };
    }
    return { records, next: last };
  });
}

export function readRecord({ seq, body, hash }: FoundRow): AuditRecord | undefined {
  try {
    const value = JSON.parse(Buffer.from(body).toString()) as Omit<AuditRecord, 'seq' | 'hash'>;
    return { seq, ...value, hash: Buffer.from(hash as Uint8Array).toString('hex') };
  } catch {
    return undefined;
  }
}

/** Times are of one length and in UTC, so that texts compare as they do. */
export function createFilter({ since, until, ...wanted }: AuditFilter): (record: AuditRecord) => boolean {
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
