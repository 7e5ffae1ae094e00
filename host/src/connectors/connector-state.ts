import type { ConnectorConfig, ConnectorOwner } from '@automate/contract';
import { CONFIG_DEFAULTS } from '@automate/contract/schemas';
import type { NetworkConfig, ProfileConfig } from '../config/host-config.ts';
import type { Kind, KindCatalog } from '../plugins/kind-catalog.ts';
import type { Overlay } from '../store/overlay-store.ts';

/** A connector as it was configured, before anything runs. */
export interface ConnectorEntry {
  readonly id: string;
  readonly owner: ConnectorOwner;
  /** It was registered before `files.roots` existed, so that its paths need not lie below them. */
  readonly anyPath: boolean;
  /** References in it are resolved at the worker's start, not here. */
  readonly config: ConnectorConfig;
  /** The same, with strings as they were written. */
  readonly written: ConnectorConfig;
  readonly state: ConnectorState;
  /** The profile that it names, as it stood then. Absent: it names none, or there is none. */
  readonly profile: ProfileConfig | undefined;
  /** `files.roots`, which bind it where the API owns it. */
  readonly fileRoots: readonly string[];
  /** It was registered while nobody had to sign in, so that what binds those that others register is only reported. */
  readonly anyAddress: boolean;
  /** `network` of the file. */
  readonly network: NetworkConfig;
  /** What was set of it over the API; `enabled` is in `config` already. Undefined: nothing. */
  readonly overlay: Overlay | undefined;
  /** Why what was to take its place does not run. */
  readonly heldBack?: string | undefined;
}

/**
 * Whether a connector can run at all. Running, crashed and the like are the worker's own states, which exist only for
 * connectors in the state `usable`.
 */
export type ConnectorState =
  | { readonly phase: 'usable'; readonly kind: Kind }
  /** Nothing runs; listed, reported unavailable. */
  | { readonly phase: 'disabled'; readonly kind: Kind | undefined }
  /** Its kind is not there; the reason says why and what to do. */
  | { readonly phase: 'missing'; readonly reason: string };

/** The only place where an entry's state is decided: from its configuration and from what discovery knows of its kind. */
export function decideState(
  config: ConnectorConfig,
  kind: Kind | undefined,
  explainMissing: (name: string) => string,
): ConnectorState {
  if (!config.enabled) return { phase: 'disabled', kind };
  if (kind === undefined) return { phase: 'missing', reason: explainMissing(config.kind) };
  return { phase: 'usable', kind };
}

/** A configuration with its scheme: what it names itself, else what its kind does. */
export function withScheme<Config extends ConnectorConfig>(config: Config, kind: Kind | undefined): Config {
  return { ...config, scheme: config.scheme ?? kind?.scheme ?? CONFIG_DEFAULTS.scheme };
}

/** The entry with another overlay, in a host whose kinds are these. */
export function withOverlay(
  entry: ConnectorEntry,
  overlay: Overlay,
  kinds: Pick<KindCatalog, 'find' | 'explainMissing'>,
): ConnectorEntry {
  const { enabled = entry.written.enabled } = overlay;
  if (enabled === entry.config.enabled) return { ...entry, overlay };
  const config = { ...entry.config, enabled };
  const state = decideState(config, kinds.find(config.kind), (name) => kinds.explainMissing(name));
  return { ...entry, overlay, config, state };
}

/** The kind of an entry, where there is one. */
export function kindOf(entry: ConnectorEntry): Kind | undefined {
  return entry.state.phase === 'missing' ? undefined : entry.state.kind;
}
