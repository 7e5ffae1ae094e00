import { createHash } from 'node:crypto';
import { copyFileSync, existsSync } from 'node:fs';
import { headFileOf } from '../../records/audit-head.ts';
import type { AuditPlace } from '../../records/audit-place.ts';
import { auditPlaceOf } from '../../records/audit-place.ts';
import { lockDataDir, openDataDir } from '../../store/data-dir.ts';
import { HalfMovedError } from '../../store/half-moved.ts';
import { hostIdOf, makeHostId } from '../../store/host-id.ts';
import { chainHostOf, openFileRows } from './file-rows.ts';
import type { KeptTable, PlainRow, RowStore } from './kept-tables.ts';
import { KEPT_TABLES, keyOf } from './kept-tables.ts';
import { MoveRefused } from './move-refused.ts';

/** Rows that are in memory at a time. */
const PAGE_ROWS = 500;

/** Where something is kept: a data directory, or a database of hosts. */
export type MovePlace = { readonly dataDir: string } | { readonly storeUrl: string };

export interface MovedTable {
  readonly name: string;
  /** Rows that are there now. */
  readonly rows: number;
  /** How many of them were copied this time. */
  readonly copied: number;
  /** Of all that they hold, in order; the same in both stores. */
  readonly sha256: string;
}

export interface MovedStore {
  readonly from: string;
  readonly to: string;
  readonly tables: readonly MovedTable[];
  /** Why the audit was left where it is. */
  readonly auditLeft?: string;
}

/**
 * Copies what hosts keep from one store to another, and compares the two afterwards; the first one stays as it is. It may be ended at
 * any point: run again, it goes on, and until it has come to its end no host starts on the second one. Refuses stores that are in use, one
 * to copy to that holds anything else, and one to copy from that has only a part itself.
 *
 * @throws MoveRefused, HalfMovedError and UnavailableError, in words for the operator
 */
export async function moveStore(from: MovePlace, to: MovePlace): Promise<MovedStore> {
  await using ends = new AsyncDisposableStack();
  const audit = auditOf(from, to);
  const source = ends.adopt(await openRows(from, audit.host, ends, { writes: false }), (rows) => rows.close());
  const target = ends.adopt(await openRows(to, audit.host, ends, { writes: true }), (rows) => rows.close());
  const kept = audit.left === undefined ? KEPT_TABLES : KEPT_TABLES.filter(({ file }) => file !== 'audit.db');
  const tables = 'storeUrl' in from && 'storeUrl' in to ? kept.map(ofAllHosts) : kept;
  for (const table of tables) await compare(table, source, target);
  const half = await source.movingFrom();
  if (half !== undefined) throw new HalfMovedError(source.where, half);
  await target.noteMove(source.where);
  const moved: MovedTable[] = [];
  for (const table of tables) moved.push(await moveTable(table, source, target));
  audit.finish?.();
  await target.noteMove(undefined);
  const left = audit.left === undefined ? {} : { auditLeft: audit.left };
  return { from: source.where, to: target.where, tables: moved, ...left };
}

interface MovedAudit {
  /** Whose chain it is, where a database has those of many. */
  readonly host?: string;
  readonly left?: string;
  /** Puts its head where the host will look for it. */
  readonly finish?: () => void;
}

/** A data directory has the audit of one host, and the head of it also where its records are in a database. */
function auditOf(from: MovePlace, to: MovePlace): MovedAudit {
  if ('storeUrl' in from) {
    if ('storeUrl' in to) return {};
    const host = hostIdOf(to.dataDir);
    if (host === undefined)
      return {
        left: `${to.dataDir} belongs to no host of that store: name the data directory of one to have its audit`,
      };
    return { host, finish: () => copyHead(auditPlaceOf({ ...to, storeUrl: from.storeUrl }), auditPlaceOf(to)) };
  }
  if ('dataDir' in to) return { finish: () => copyHead(auditPlaceOf(from), auditPlaceOf(to)) };
  const [host, known] = [chainHostOf(from.dataDir), hostIdOf(from.dataDir)];
  if (host === undefined) return { left: 'there is none' };
  if (known !== undefined && known !== host)
    return { left: `${from.dataDir} belongs to a host that has an audit of its own in a store already` };
  return {
    host,
    finish() {
      makeHostId(from.dataDir, host);
      copyHead(auditPlaceOf(from), auditPlaceOf({ ...from, ...to }));
    },
  };
}

function copyHead(from: AuditPlace, to: AuditPlace): void {
  const head = headFileOf(from.file);
  if (existsSync(head)) copyFileSync(head, headFileOf(to.file));
}

/** The audits of all hosts are moved. */
function ofAllHosts(table: KeptTable): KeptTable {
  if (table.ofHost === undefined) return table;
  const { ofHost: _ofHost, ...rest } = table;
  return { ...rest, key: [...new Set(['host', ...table.key])], columns: { host: 'text', ...table.columns } };
}

async function openRows(
  place: MovePlace,
  host: string | undefined,
  ends: AsyncDisposableStack,
  { writes }: { readonly writes: boolean },
): Promise<RowStore> {
  if ('storeUrl' in place) {
    const { openPostgresRows } = await import('./postgres-rows.ts');
    return openPostgresRows(place.storeUrl, host);
  }
  const { dataDir } = place;
  if (writes) openDataDir(dataDir);
  else if (!existsSync(dataDir)) throw new MoveRefused(`${dataDir} is not there`);
  const lock = lockDataDir(dataDir);
  if (lock === undefined) throw new MoveRefused(`a host runs on ${dataDir}: stop it first`);
  ends.defer(() => lock.release());
  return openFileRows(dataDir, { writes });
}

/** Throws where the second store holds what the first does not. */
async function compare(table: KeptTable, source: RowStore, target: RowStore): Promise<void> {
  const { page = PAGE_ROWS } = table;
  let after: PlainRow | undefined;
  for (;;) {
    const rows = await source.rows(table, after, undefined, page);
    const isLast = rows.length < page;
    const last = rows.at(-1);
    const upTo = isLast || last === undefined ? undefined : keyOf(table, last);
    const known = new Set(rows.map((row) => JSON.stringify(row)));
    const there = await target.rows(table, after, upTo, page + 1);
    const other = there.find((row) => !known.has(JSON.stringify(row)));
    if (other !== undefined)
      throw new MoveRefused(
        `${target.where} holds something else already, ${table.name} ${keyOf(table, other).join('/')}: it must be empty, or hold what an earlier run copied`,
      );
    if (isLast) return;
    after = upTo;
  }
}

async function moveTable(table: KeptTable, source: RowStore, target: RowStore): Promise<MovedTable> {
  const { page = PAGE_ROWS } = table;
  let [after, copied]: [PlainRow | undefined, number] = [undefined, 0];
  for (;;) {
    const rows: readonly PlainRow[] = await source.rows(table, after, undefined, page);
    const last = rows.at(-1);
    if (last === undefined) break;
    const upTo = keyOf(table, last);
    const there = new Set((await target.rows(table, after, upTo, page)).map((row) => JSON.stringify(row)));
    const missing = rows.filter((row) => !there.has(JSON.stringify(row)));
    if (missing.length > 0) await target.add(table, missing);
    copied += missing.length;
    after = upTo;
  }
  const [here, there] = [await digest(table, source), await digest(table, target)];
  if (here.sha256 !== there.sha256 || here.rows !== there.rows)
    throw new MoveRefused(
      `${table.name}: ${here.rows} rows in ${source.where} and ${there.rows} in ${target.where}, which are not the same: something changed one of them meanwhile; run it again`,
    );
  return { name: table.name, copied, ...there };
}

async function digest(table: KeptTable, store: RowStore): Promise<{ readonly rows: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  const { page = PAGE_ROWS } = table;
  let [after, count]: [PlainRow | undefined, number] = [undefined, 0];
  for (;;) {
    const rows: readonly PlainRow[] = await store.rows(table, after, undefined, page);
    const last = rows.at(-1);
    if (last === undefined) return { rows: count, sha256: hash.digest('hex') };
    for (const row of rows) hash.update(`${JSON.stringify(row)}\n`);
    count += rows.length;
    after = keyOf(table, last);
  }
}
