import type { ConnectorStore } from './connector-store.ts';
import type { DiscoveryStore } from './discovery-store.ts';
import type { ExecutionStore } from './execution-store.ts';
import type { OutcomeStore } from './outcome-store.ts';
import type { OverlayStore } from './overlay-store.ts';
import type { ProfileStore } from './profile-store.ts';
import type { SecretStore } from './secret-store.ts';
import type { TokenStore } from './token-store.ts';

/** What a host keeps, a port for each kind of it; all of them end together. */
export interface Stores extends AsyncDisposable {
  readonly connectors: ConnectorStore;
  readonly discoveries: DiscoveryStore;
  readonly executions: ExecutionStore;
  readonly outcomes: OutcomeStore;
  readonly overlays: OverlayStore;
  readonly profiles: ProfileStore;
  readonly secrets: SecretStore;
  readonly tokens: TokenStore;
  /** Ends all of them, also where one fails to. May be called again. */
  close(): Promise<void>;
}
