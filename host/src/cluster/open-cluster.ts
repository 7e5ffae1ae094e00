import type { PlacementStore, PluginSet } from '../store/placement-store.ts';
import type { ConnectorService, HostInfo, Principal, WebhookDelivery } from '@automate/contract';
import { ConnectorError } from '@automate/contract';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { advertisedAddress } from './advertised-address.ts';
import { Cluster } from './cluster.ts';
import type { ClusterOptions } from './cluster.ts';
import { createPeerCredentials } from './peer-credentials.ts';
import { listHosts } from './list-hosts.ts';
import { isMoved, passOn } from './pass-on.ts';
import { Peers } from './peers.ts';
import { tellWebhook } from './tell-webhook.ts';
import type { HealthElsewhere } from './told-health.ts';

/** How long keys are remembered, in milliseconds: to read their files costs more than to sign. */
const REMEMBERED_MS = 1_000;

export interface OpenClusterOptions extends Omit<ClusterOptions, 'plugins'> {
  readonly store: PlacementStore;
  /** The master keys, the one in use first. */
  keys(): readonly MasterKey[];
  /** What this host can run now, and says of its file, with the keys that what others say is read by. */
  plugins(keys: readonly MasterKey[]): PluginSet;
  authorities(): readonly string[];
  /** Hears of what an operator should look at. */
  warn(message: string): void;
  /** Hears of what nobody foresaw. */
  onFault(fault: unknown, what: string): void;
  /** Opens the span of a call that is passed on; undefined where there is none. */
  trace: Telemetry['passOn'];
  /** Whether one host alone runs the connector, and this one could. */
  isPlaced(connector: string): boolean;
}

interface RememberedKeys {
  readonly all: readonly MasterKey[];
  /** What is derived of each for what hosts say to each other. */
  readonly derived: readonly Uint8Array[];
  readonly until: number;
}

interface MasterKey {
  readonly id: string;
  derive(label: string): Uint8Array;
}

/** The hosts that share a store, as one of them has to do with the others. */
export interface OpenCluster {
  readonly cluster: Cluster;
  readonly peers: Peers;
  /** Begins to live, as the host whose door of gRPC listens there. Rejects where the database is away. */
  join(settings: Parameters<typeof advertisedAddress>[0], listening: string): Promise<void>;
  /** The service in which what concerns one connector goes to the host that holds it. */
  passOn(service: ConnectorService): ConnectorService;
  /** Tells those who watch at the other hosts of a webhook that was delivered here. */
  tellWebhook(connector: string, delivery: WebhookDelivery, caller: Principal): void;
  /** Whether this host may run the connector and take calls of it now. */
  mayRun(connector: string): boolean;
  /** Whether it may send calls to it that it has taken. */
  maySend(connector: string): boolean;
  /** For how long, in milliseconds; Infinity where each host runs it by itself. */
  heldForMs(connector: string): number;
  /** As `mayRun`, and takes the connector where nobody has it. */
  turn(connector: string): Promise<boolean>;
  /** Those that live, as known; none before `join`. */
  listHosts(): readonly HostInfo[];
  /** Ids of the master keys of each other host that lives and says which it has. */
  keysOfOthers(): readonly (readonly string[])[];
  /** The id of the host that alone runs the connector now; undefined where none does, or each one does. */
  holderOf(connector: string): string | undefined;
  /** How a connector is that another host holds, as that one told. */
  healthElsewhere(connector: string): HealthElsewhere | undefined;
  close(): Promise<void>;
}

/** Nothing is asked of the database before `join`. */
export function openCluster({
  keys,
  authorities,
  warn,
  onFault,
  trace,
  isPlaced: isPlacedHere,
  ...options
}: OpenClusterOptions): OpenCluster {
  let remembered: RememberedKeys | undefined;
  const readKeys = (): RememberedKeys => {
    const now = performance.now();
    if (remembered === undefined || now >= remembered.until) {
      const all = keys();
      const derived = all.map((key) => key.derive('peers'));
      remembered = { all, derived, until: now + REMEMBERED_MS };
    }
    return remembered;
  };
  // What others hear of is what their calls are read by. While the file cannot be read it is what was there.
  const knownKeys = (): readonly MasterKey[] => {
    try {
      return readKeys().all;
    } catch {
      return remembered?.all ?? [];
    }
  };
  const cluster = new Cluster({ ...options, plugins: () => options.plugins(knownKeys()) });
  const credentials = createPeerCredentials({
    id: options.host.id,
    instance: cluster.instance,
    keys: () => readKeys().derived,
    now: () => options.store.now(),
  });
  const peers = new Peers({
    id: options.host.id,
    credentials,
    authorities,
    lifeOf: (host) => cluster.lifeOf(host),
    warn,
    onFault,
  });
  // Without a host that has its kind it is told here what is missing.
  const isPlaced = (connector: string): boolean =>
    isPlacedHere(connector) || (options.lacksKind(connector) && cluster.isFitElsewhere(connector));
  const isKnown = (connector: string): boolean => options.kindOf(connector) !== undefined;
  const mayRun = (connector: string): boolean => !isPlaced(connector) || cluster.serves(connector);
  return {
    cluster,
    peers,
    join: (settings, listening) => cluster.join(advertisedAddress(settings, listening)),
    passOn: (service) => passOn(service, { cluster, peers, isPlaced, isKnown, trace }),
    tellWebhook: (connector, told, principal) => tellWebhook({ cluster, peers }, connector, { told, principal }),
    mayRun,
    maySend: (connector) => !isPlaced(connector) || cluster.holds(connector),
    heldForMs: (connector) => (isPlaced(connector) ? cluster.heldForMs(connector) : Infinity),
    async turn(connector) {
      if (mayRun(connector) || !cluster.mayTake(connector)) return mayRun(connector);
      // Of several that look at the same time one takes it; it is the others' then.
      const holder = await cluster.find(connector, { here: false }).catch((reason: unknown) => {
        if (!isMoved(ConnectorError.from(reason))) throw reason;
      });
      return holder?.mine === true;
    },
    listHosts: () => listHosts(cluster.living, (host) => cluster.setOf(host)),
    keysOfOthers: () =>
      cluster.living
        .flatMap((host) => (host.id === cluster.id ? [] : [cluster.setOf(host)?.keys ?? []]))
        .filter(({ length }) => length > 0),
    holderOf: (connector) => (isPlaced(connector) ? cluster.holderOf(connector) : undefined),
    healthElsewhere: (connector) => (isPlaced(connector) ? cluster.healthElsewhere(connector) : undefined),
    async close() {
      await cluster.close();
      await peers.close();
    },
  };
}
