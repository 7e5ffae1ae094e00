import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HOST_ID_FILE, hostIdOf, makeHostId } from '../store/host-id.ts';
import { headFileOf } from './audit-head.ts';
import type { AuditRows, LookAtAudit } from './audit-rows.ts';
import { lookAtSqliteAudit, openSqliteAuditRows } from './sqlite-audit-rows.ts';

/** Where a host's audit is. It can be handed to a thread. */
export interface AuditPlace {
  /** Where its head lies, without the `-head` at its end; without `shared` the database itself. */
  readonly file: string;
  /** Absent: the records are in `file`. */
  readonly shared?: { readonly storeUrl: string; readonly host: string };
}

/** What a place has, opened. */
export interface OpenedAudit {
  readonly look: LookAtAudit;
  /** Where chains of several hosts are kept: the ids of those, in order, and a look at that of one. */
  readonly others?: { hosts(): Promise<readonly string[]>; lookAt(host: string): LookAtAudit };
  openRows(): AuditRows;
  close(): Promise<void>;
}

interface AuditSettings {
  readonly dataDir: string;
  readonly storeUrl?: string;
}

/** Where the audit of a data directory is. In a database that hosts share its chain goes by the id of the host, which is made with `makes`. */
export function auditPlaceOf({ dataDir, storeUrl }: AuditSettings, makes?: 'makes'): AuditPlace {
  if (storeUrl === undefined) return { file: join(dataDir, 'audit.db') };
  const host = makes === undefined ? (hostIdOf(dataDir) ?? '') : makeHostId(dataDir);
  return { file: join(dataDir, 'audit'), shared: { storeUrl, host } };
}

/** Whether anything was ever recorded there. A database that somebody threw away left its head behind. */
export function isAuditThere({ file, shared }: AuditPlace): boolean {
  return existsSync(headFileOf(file)) || (shared === undefined ? existsSync(file) : shared.host !== '');
}

/** What has to be moved away for a new chain to begin, where the key of the old one is lost. */
export function filesOfChain({ file, shared }: AuditPlace): string {
  return shared === undefined
    ? `${file} and ${headFileOf(file)}`
    : `${headFileOf(file)} and ${join(file, '..', HOST_ID_FILE)}`;
}

/** Opens a place. Nothing is made or read yet. The caller closes it. */
export async function openAuditPlace({ file, shared }: AuditPlace): Promise<OpenedAudit> {
  if (shared === undefined)
    return { look: lookAtSqliteAudit(file), openRows: () => openSqliteAuditRows(file), close: async () => undefined };
  const { openPostgresDatabase } = await import('../store/postgres/postgres-database.ts');
  const { listAuditHosts, lookAtPostgresAudit, openPostgresAuditRows } = await import('./postgres-audit-rows.ts');
  const database = openPostgresDatabase(shared.storeUrl, { connections: 1 });
  return {
    look: lookAtPostgresAudit(database, shared.host),
    others: {
      hosts: () => listAuditHosts(database),
      lookAt: (host) => lookAtPostgresAudit(database, host),
    },
    openRows: () => openPostgresAuditRows(database, shared.host),
    close: () => database.close(),
  };
}
