import { join } from 'node:path';
import { DATABASE_FILE } from './data-dir.ts';
import { HalfMovedError, movingFrom } from './half-moved.ts';
import { openSqliteDiscoveryStore } from './sqlite-discovery-store.ts';
import { openSqliteExecutionStore } from './sqlite-execution-store.ts';
import { openSqliteHealthHistoryStore } from './sqlite-health-history-store.ts';
import { openSqliteOutcomeStore } from './sqlite-outcome-store.ts';
import { openSqliteOverlayStore } from './sqlite-overlay-store.ts';
import { openSqliteProfileStore } from './sqlite-profile-store.ts';
import { openSqliteScheduleStore } from './sqlite-schedule-store.ts';
import { openSqliteSecretStore } from './sqlite-secret-store.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { openSqliteTokenStore } from './sqlite-token-store.ts';
import type { SharedStoreOptions, Stores } from './stores.ts';

/** Where a host keeps things. */
export interface StorePlace extends SharedStoreOptions {
  /** Absolute path; it must be there. */
  readonly dataDir: string;
  /** `postgres://…`: of the database that hosts share. Absent: it is kept in the data directory. */
  readonly storeUrl?: string;
}

export type OpenStores = (place: StorePlace) => Promise<Stores>;

/** Opens what a host keeps. The caller closes it. Rejects as `openDatabase` throws, or as `openPostgresStores` does, or with HalfMovedError; what was opened until then is closed again. */
export async function openStores({ dataDir, storeUrl, ...shared }: StorePlace): Promise<Stores> {
  if (storeUrl !== undefined) {
    // Who keeps it in files loads no driver.
    const { openPostgresStores } = await import('./postgres/open-postgres-stores.ts');
    return openPostgresStores(storeUrl, shared);
  }
  const from = movingFrom(dataDir);
  if (from !== undefined) throw new HalfMovedError(dataDir, from);
  const file = join(dataDir, DATABASE_FILE);
  const opened: { close(): Promise<void> }[] = [];
  const open = <Store extends { close(): Promise<void> }>(openStore: (place: string) => Store, place = file): Store => {
    const store = openStore(place);
    opened.push(store);
    return store;
  };
  const close = async (): Promise<void> => closeAll(opened);
  try {
    return {
      connectors: open(openSqliteStore),
      discoveries: open(openSqliteDiscoveryStore),
      executions: open(openSqliteExecutionStore, dataDir),
      health: open(openSqliteHealthHistoryStore, dataDir),
      outcomes: open(openSqliteOutcomeStore, dataDir),
      overlays: open(openSqliteOverlayStore),
      profiles: open(openSqliteProfileStore),
      schedules: open(openSqliteScheduleStore, dataDir),
      secrets: open(openSqliteSecretStore),
      tokens: open(openSqliteTokenStore),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function closeAll(stores: readonly { close(): Promise<void> }[]): Promise<void> {
  const ends = await Promise.allSettled(stores.map((store) => store.close()));
  const faults = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
  if (faults.length > 0) throw new AggregateError(faults, 'what the host keeps did not close cleanly');
}
