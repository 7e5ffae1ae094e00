import type { ConnectorStore } from './connector-store.ts';
import type { DiscoveryStore } from './discovery-store.ts';
import type { ExecutionStore } from './execution-store.ts';
import type { HealthHistoryStore } from './health-history-store.ts';
import type { KeysInUse } from './keys-in-use.ts';
import type { OutcomeStore } from './outcome-store.ts';
import type { OverlayStore } from './overlay-store.ts';
import type { PlacementStore } from './placement-store.ts';
import type { ProfileStore } from './profile-store.ts';
import type { ScheduleStore } from './schedule-store.ts';
import type { SecretStore } from './secret-store.ts';
import type { TokenStore } from './token-store.ts';

/** What hosts that share a store hear of one another's changes: connectors with profiles and overlays, tokens, secrets, executions to be run, schedules. */
export type SharedPart = 'registry' | 'tokens' | 'secrets' | 'executions' | 'schedules';

/** Of a store that hosts share. */
export interface SharedStoreOptions {
  /** Hears, once each, that the database is lost, with the reason, and that it is there again, without one. */
  onStore?(lost: Error | undefined): void;
  /** Hears by how many milliseconds the database's clock is ahead of this host's, or behind where it is less than 0, whenever that is too much for hosts. */
  onClock?(aheadMs: number): void;
  /** How long a host waits before it asks again what the others have changed, which it hears of besides, in milliseconds. Default: a second. */
  readonly pollMs?: number | undefined;
}

/** What a host keeps, a port for each kind of it; all of them end together. */
export interface Stores extends AsyncDisposable {
  readonly connectors: ConnectorStore;
  readonly discoveries: DiscoveryStore;
  readonly executions: ExecutionStore;
  readonly health: HealthHistoryStore;
  readonly outcomes: OutcomeStore;
  readonly overlays: OverlayStore;
  /** Absent where no other host has the same store. */
  readonly placements?: PlacementStore;
  readonly profiles: ProfileStore;
  readonly schedules: ScheduleStore;
  readonly secrets: SecretStore;
  readonly tokens: TokenStore;
  /**
   * Hears which parts other hosts have changed, at once or about a second later; what it rejects with has it called again. Absent where no other
   * host has the same store.
   */
  follow?(hear: (parts: ReadonlySet<SharedPart>) => Promise<void>): void;
  /** By which master keys what is kept here, and the hosts that live, are read. Absent where no other host has the same store. */
  keysInUse?(): Promise<KeysInUse>;
  /** Ends all of them, also where one fails to. May be called again. */
  close(): Promise<void>;
}
