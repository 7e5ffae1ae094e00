import { join } from 'node:path';
import type { ConnectorStore } from './connector-store.ts';
import { DATABASE_FILE } from './data-dir.ts';
import type { DiscoveryStore } from './discovery-store.ts';
import type { OutcomeStore } from './outcome-store.ts';
import type { OverlayStore } from './overlay-store.ts';
import type { ProfileStore } from './profile-store.ts';
import type { SecretStore } from './secret-store.ts';
import { openSqliteDiscoveryStore } from './sqlite-discovery-store.ts';
import { openSqliteOutcomeStore } from './sqlite-outcome-store.ts';
import { openSqliteOverlayStore } from './sqlite-overlay-store.ts';
import { openSqliteProfileStore } from './sqlite-profile-store.ts';
import { openSqliteSecretStore } from './sqlite-secret-store.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { openSqliteTokenStore } from './sqlite-token-store.ts';
import type { TokenStore } from './token-store.ts';

/** What a host keeps, a port for each kind of it; all of them end together. */
export interface Stores extends AsyncDisposable {
  readonly connectors: ConnectorStore;
  readonly discoveries: DiscoveryStore;
  readonly outcomes: OutcomeStore;
  readonly overlays: OverlayStore;
  readonly profiles: ProfileStore;
  readonly secrets: SecretStore;
  readonly tokens: TokenStore;
  /** Ends all of them, also where one fails to. May be called again. */
  close(): Promise<void>;
}

/** Where a host keeps things. */
export interface StorePlace {
  /** Absolute path; it must be there. */
  readonly dataDir: string;
}

export type OpenStores = (place: StorePlace) => Promise<Stores>;

/** Opens what a host keeps. The caller closes it. Rejects as `openDatabase` throws; what was opened until then is closed again. */
export async function openStores({ dataDir }: StorePlace): Promise<Stores> {
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
      outcomes: open(openSqliteOutcomeStore, dataDir),
      overlays: open(openSqliteOverlayStore),
      profiles: open(openSqliteProfileStore),
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
