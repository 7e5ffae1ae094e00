import type { AuditFilter, AuditPage, AuditRecord } from '@automate/contract';
import type { LookAtAudit } from './audit-rows.ts';
import { createFilter, DEFAULT_LIMIT, readRecord, ROWS_AT_A_TIME, ROWS_OF_A_PAGE } from './list-audit.ts';

/** One chain, as far as it was read. */
interface Strand {
  readonly host: string;
  readonly look: LookAtAudit;
  /** Those that come next, of which none was given yet; absent instead of what is no record any more. */
  next: { readonly seq: number; readonly record: AuditRecord | undefined }[];
  /** The one that came last. */
  last: number;
  /** As far as was read. */
  read: number;
  isOver: boolean;
}

/** Reads a page of the records of several hosts in order of time; those of one host stay in their order, whatever its clock did. */
export async function listAllAudits(looks: ReadonlyMap<string, LookAtAudit>, filter: AuditFilter): Promise<AuditPage> {
  const { order = 'newest', cursor, limit = DEFAULT_LIMIT } = filter;
  const isNewest = order === 'newest';
  const begun = readCursor(cursor);
  const lets = createFilter(filter);
  const strands = [...looks].map(([host, look]): Strand => {
    const last = begun.get(host) ?? (isNewest ? Number.MAX_SAFE_INTEGER : 0);
    return { host, look, next: [], last, read: last, isOver: false };
  });
  const records: AuditRecord[] = [];
  for (let looked = 0; looked < ROWS_OF_A_PAGE && records.length < limit; looked += 1) {
    await Promise.all(strands.map((strand) => readOn(strand, isNewest)));
    const first = firstOf(strands, isNewest);
    if (first === undefined) return { records };
    const { seq, record } = first.next.shift() ?? { seq: first.last, record: undefined };
    first.last = seq;
    if (record !== undefined && lets(record)) records.push({ ...record, host: first.host });
  }
  return { records, next: strands.map(({ host, last }) => `${host}=${last}`).join(',') };
}

async function readOn(strand: Strand, isNewest: boolean): Promise<void> {
  if (strand.next.length > 0 || strand.isOver) return;
  const rows = await strand.look((view) => view.records(strand.read, isNewest ? 'down' : 'up', ROWS_AT_A_TIME));
  strand.next = rows.map((row) => ({ seq: row.seq, record: readRecord(row) }));
  strand.read = rows.at(-1)?.seq ?? strand.read;
  strand.isOver = rows.length < ROWS_AT_A_TIME;
}

/** The chain whose next record comes next; what is none is passed over at once. */
function firstOf(strands: readonly Strand[], isNewest: boolean): Strand | undefined {
  const timeOf = ({ next: [head] }: Strand): string => head?.record?.at ?? (isNewest ? '~' : '');
  return strands
    .filter(({ next }) => next.length > 0)
    .reduce<Strand | undefined>((best, strand) => {
      if (best === undefined) return strand;
      return isNewest === timeOf(strand) > timeOf(best) && timeOf(strand) !== timeOf(best) ? strand : best;
    }, undefined);
}

function readCursor(cursor: AuditFilter['cursor']): ReadonlyMap<string, number> {
  if (typeof cursor !== 'string') return new Map();
  return new Map(
    cursor.split(',').map((part): [string, number] => {
      const [host = '', seq = ''] = part.split('=');
      return [host, Number(seq)];
    }),
  );
}
