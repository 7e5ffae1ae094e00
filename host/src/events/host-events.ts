import type {
  CircuitState,
  ConnectorError,
  ConnectorStatus,
  ErrorCode,
  ErrorEnvelope,
  JsonObject,
  WebhookOutcome,
} from '@automate/contract';

/** What happens in a host, each with what its listeners are given. */
interface HostEventMap {
  /** The set of connectors changed; the change is in force already. */
  change: [kind: 'added' | 'updated' | 'removed', id: string];
  /** A connector goes on as it was, as what was to take its place failed, for this reason. */
  heldBack: [id: string, reason: string];
  /** Something happened to a connector that may have changed its status. */
  status: [id: string];
  /** A connector was checked. */
  health: [id: string, status: ConnectorStatus];
  /** A connector's circuit has another state; `open` comes with the failure for which it did. */
  circuit: [id: string, state: CircuitState, error?: ErrorEnvelope];
  /** A connector's worker died or was killed; `error.details.reason` says how, `version` which of its package ran. */
  crash: [id: string, error: ErrorEnvelope, version: string];
  /** What a connector can do was learned from its remote system, perhaps what it was. */
  actions: [id: string];
  /** What a connector can do is another than was known. */
  actionsChanged: [id: string];
  /** There are more threads that were given up and do not end, or fewer. */
  abandoned: [];
  /** What connectors are made of was read anew, and what came of it is in force. */
  sourced: [news: SourceNews];
  /** A caller was turned away at a door, as it could not be told who it is. */
  turnedAway: [caller: TurnedAway];
  /** A caller may not read what a door answers by itself. */
  readRefused: [caller: RefusedRead];
  /** The configuration file says something else of what the doors take. */
  doorLimits: [limits: DoorLimits];
  /** The configuration file says something else of what agents see. */
  exposure: [exposure: Exposure];
  /** A webhook came, and this became of it. */
  webhook: [news: WebhookNews];
  /** A connector wrote a line, or the runtime did about it. */
  log: [record: LoggedRecord];
}

/** What a reading of the file or of the packages did, by id. */
export interface SourceNews {
  readonly operation: 'reload' | 'rescan' | 'apply';
  /** Whether the file could not be taken, and everything stayed as it was. */
  readonly failed: boolean;
  readonly added: readonly string[];
  readonly updated: readonly string[];
  readonly removed: readonly string[];
  readonly heldBack: readonly string[];
  /** Those of `updated` of which nothing changed but the network policy that they are held to. */
  readonly reachOnly: readonly string[];
  /** Packages that came or went, with their versions: `+ @acme/x@1.0.0`. */
  readonly packages: readonly string[];
}

/** What a door takes of one address, and how long it waits; times in milliseconds. */
export interface DoorLimits {
  readonly connectionsPerAddress?: number;
  readonly headerTimeoutMs?: number;
  readonly bodyTimeoutMs?: number;
}

/** What agents see of what their callers may call: `mcp.expose` of the configuration. */
export interface Exposure {
  /** Patterns of `connector/action`, in which * stands for any characters; `connector` alone is all of it. */
  readonly allow: readonly string[];
  /** The same of what they do not see; wins over allow. */
  readonly deny: readonly string[];
  /** Whether they see only what changes nothing. */
  readonly readOnly: boolean;
  /** Patterns that bound it further, of whoever serves a single agent. */
  readonly within?: readonly string[];
}

export interface WebhookNews {
  /** Absent where there is none of the id that was asked for. */
  readonly connector: string | undefined;
  readonly door: string;
  readonly outcome: WebhookOutcome | 'failed';
  /** Id of the delivery. */
  readonly delivery?: string | undefined;
  /** What it started. */
  readonly action?: string | undefined;
  readonly execution?: string | undefined;
  /** Of one that failed. */
  readonly error?: ConnectorError;
}

export interface RefusedRead {
  readonly door: string;
  readonly what: string;
  /** Its name. */
  readonly principal: string;
  readonly code: ErrorCode;
}

export interface TurnedAway {
  readonly door: string;
  /** The caller's. */
  readonly address: string;
  /** In a few words, with nothing in it that the caller sent. */
  readonly reason: string;
}

export interface LoggedRecord {
  readonly connector: string;
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  readonly message: string;
  readonly fields?: JsonObject;
  readonly source: string;
}

/**
 * The host's news. Whoever has some tells it here and knows no listener; listeners hear it in the same turn, in the order in
 * which they came. A listener that fails is told of, and keeps neither the others nor the teller from going on. Calls are not
 * among it: their recorder is handed to the pipeline, as an event costs more than a call may.
 */
export class HostEvents {
  readonly #listeners: { [Name in keyof HostEventMap]?: Listener<Name>[] } = {};
  readonly #onFault: (fault: unknown, event: string) => void;

  /** @param onFault hears of listeners that failed, and may fail itself */
  constructor(onFault: (fault: unknown, event: string) => void) {
    this.#onFault = onFault;
  }

  on<Name extends keyof HostEventMap>(name: Name, listener: Listener<Name>): void {
    const listeners: Listener<Name>[] = (this.#listeners[name] ??= []);
    listeners.push(listener);
  }

  emit<Name extends keyof HostEventMap>(name: Name, ...news: HostEventMap[Name]): void {
    for (const listener of this.#listeners[name] ?? []) {
      try {
        listener(...news);
      } catch (fault) {
        this.#tell(fault, name);
      }
    }
  }

  #tell(fault: unknown, event: string): void {
    try {
      this.#onFault(fault, event);
    } catch {
      // Where faults cannot be told either, the work goes on without.
    }
  }
}

type Listener<Name extends keyof HostEventMap> = (...news: HostEventMap[Name]) => void;
