import { parentPort, workerData } from 'node:worker_threads';
import { dirname } from 'node:path';
import type { AuditExpectation, AuditFilter, AuditPage, AuditVerdict } from '@automate/contract';
import { ConnectorError } from '@automate/contract';
import { unknownHost } from '@automate/contract/service';
import type { CLOSE, ThreadAnswer } from '../store/database-thread.ts';
import { hostIdOf } from '../store/host-id.ts';
import { storageError } from '../store/storage-error.ts';
import type { AuditPlace, OpenedAudit } from './audit-place.ts';
import { openAuditPlace } from './audit-place.ts';
import type { LookAtAudit } from './audit-rows.ts';
import type { Appended, AuditBounds, AuditKeyRing, AuditTable, Doubt } from './audit-table.ts';
import { openAuditTable } from './audit-table.ts';
import type { AuditText } from './audit-text.ts';
import { toStoredText } from './audit-text.ts';
import { listAllAudits } from './list-all-audits.ts';
import { listAudit } from './list-audit.ts';
import { verifyAudit } from './verify-audit.ts';

// The thread that has the audit: what waits for the disk here would be the whole host there.

/** What the thread is told at its start. */
export interface AuditThreadData {
  readonly place: AuditPlace;
  readonly ring: AuditKeyRing;
  readonly bounds: AuditBounds;
}

export type AuditQuestion =
  | { readonly op: 'append'; readonly records: readonly AuditText[]; readonly doubt: Doubt }
  | { readonly op: 'list'; readonly filter: AuditFilter }
  | { readonly op: 'verify'; readonly expected: AuditExpectation | undefined; readonly host: string | undefined };

/** Between looks for what is to be cut off, in milliseconds. */
const TRIM_MS = 60_000;

const { place, ring, bounds } = workerData as AuditThreadData;
const { file } = place;
const port = parentPort;
let opened: OpenedAudit | undefined;
let table: AuditTable | undefined;
let trimAt = 0;
let turn: Promise<void> = Promise.resolve();

port?.on('message', (message: AuditQuestion | typeof CLOSE) => {
  turn = turn.then(async () => {
    if (message !== 'close') return port.postMessage(await answer(message));
    await table?.close();
    await opened?.close();
    port.close();
  });
});

async function answer(message: AuditQuestion): Promise<ThreadAnswer> {
  try {
    return { value: await run(message) };
  } catch (reason) {
    const error = ConnectorError.is(reason) ? reason : storageError('the audit cannot be kept', file, reason);
    return { error: error.toEnvelope() };
  }
}

async function run(message: AuditQuestion): Promise<unknown> {
  opened ??= await openAuditPlace(place);
  switch (message.op) {
    case 'append':
      return append(opened, message.records, message.doubt);
    case 'list':
      return list(opened, message.filter);
    case 'verify':
      return verify(opened, message.expected, message.host);
    default:
      return message satisfies never;
  }
}

async function list({ look, others }: OpenedAudit, filter: AuditFilter): Promise<AuditPage> {
  const { host } = filter;
  if (host === 'all') {
    const ids = (await others?.hosts()) ?? [];
    if (others !== undefined && ids.length > 1)
      return listAllAudits(new Map(ids.map((id) => [id, others.lookAt(id)])), filter);
    return listAudit(look, filter);
  }
  return listAudit((await findOther(others, host)) ?? look, filter);
}

async function verify(
  audit: OpenedAudit,
  expected: AuditExpectation | undefined,
  host: string | undefined,
): Promise<AuditVerdict> {
  const other = await findOther(audit.others, host);
  if (other !== undefined) return verifyAudit(undefined, ring.keys, expected, other);
  return verifyAudit(file, ring.keys, expected, place.shared && audit.look);
}

/** The chain of another host; undefined for this one's own. Throws NOT_FOUND for a host that has none. */
async function findOther(others: OpenedAudit['others'], host: string | undefined): Promise<LookAtAudit | undefined> {
  const own = hostIdOf(dirname(file)) ?? '';
  if (host === undefined || host === own) return undefined;
  const hosts = others === undefined ? [{ id: own }] : (await others.hosts()).map((id) => ({ id }));
  if (others === undefined || !hosts.some(({ id }) => id === host)) throw unknownHost(host, hosts);
  return others.lookAt(host);
}

async function append({ openRows }: OpenedAudit, records: readonly AuditText[], doubt: Doubt): Promise<Appended> {
  table ??= await openAuditTable(place, ring, openRows);
  const appended = await table.append(records.map(toStoredText), doubt);
  await trim(table);
  return appended;
}

/** A failure to cut off is none to write: it is tried again with a later record. */
async function trim(open: AuditTable): Promise<void> {
  const now = Date.now();
  if (now < trimAt) return;
  trimAt = now + TRIM_MS;
  try {
    const cut = await open.trim(bounds, now);
    if (cut === undefined) return;
    if (cut.more) trimAt = 0;
    const at = new Date(now).toISOString();
    const rest = { principal: 'host', door: 'local', subject: `up to ${cut.upTo}`, code: 'OK' };
    await open.append([JSON.stringify({ at, kind: 'host', operation: 'trim', ...rest })]);
  } catch {
    trimAt = now + TRIM_MS;
  }
}
