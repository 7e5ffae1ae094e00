// Long, as all that the host knows of workers is said in one place.
import type {
  CallOptions,
  ConnectorConfig,
  ConnectorDescription,
  ConnectorType,
  ErrorEnvelope,
  IsolationLevel,
  JsonObject,
  Outcome,
  Problem,
  UnavailableError,
} from '@automate/contract';
import type { LogReceipt } from '@automate/sdk';
import type { FilesPolicy } from '@automate/sdk/runtime';
import type { CallExtras } from './messages.ts';
import type { NetworkPolicy } from './network-policy.ts';

/** What a worker is told of the connector that it runs, secrets resolved. It goes to that worker and nowhere else. */
export interface WorkerConfig {
  readonly config: ConnectorConfig;
  /** The profile's settings with the connector's own over them. */
  readonly settings: JsonObject;
  /** Which files of this machine it may use; absent: all. */
  readonly files?: FilesPolicy;
  /** The proxies of the host's environment: a worker sees no environment. */
  readonly proxies?: {
    readonly http?: string | undefined;
    readonly https?: string | undefined;
    readonly no?: string | undefined;
  };
  readonly profile?: {
    readonly name: string;
    readonly environment: string;
    readonly settings: JsonObject;
    readonly secrets: Readonly<Record<string, string>>;
  };
}

/** What a configuration that is to be accepted asks of its kind. */
export interface ConfigCheck {
  /** The profile's settings with the connector's own over them. */
  readonly settings: JsonObject;
  readonly tls?: ConnectorConfig['tls'];
  /** What it says of webhooks, which is checked with what the kind says of itself. */
  readonly webhook?: ConnectorConfig['webhook'];
  /** The level that it asks for, at which it is checked as well. */
  readonly isolation?: ConnectorConfig['isolation'];
  /** Which files of this machine it may use; absent: all. */
  readonly files?: FilesPolicy;
}

/** A copy of a package from which it is run, whatever an installer or a build does to the package meanwhile. */
export interface Snapshot {
  /** Real path of the directory that holds the copy. */
  readonly directory: string;
  /** Real path of the package's own, from which its dependencies are resolved, and which messages name. */
  readonly packageDir: string;
}

/** What a connector may use at the level `restricted`, besides its own package, what that depends on, and the SDK. */
export interface Reach {
  /** Files and directories, by absolute paths. */
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly network: boolean;
  readonly childProcess: boolean;
  /** The host's own files and directories: what holds one of them is opened to no connector. */
  readonly closed: readonly string[];
}

/** Nothing besides. */
export const NO_REACH: Reach = { read: [], write: [], network: false, childProcess: false, closed: [] };

/** Where code is run from. */
export interface CodePlace {
  /** `file:` URL of the real path of the adapter's module. */
  readonly code: string;
  /** The copy that holds it, unless it is run from where it is installed. */
  readonly snapshot?: Snapshot;
}

/** What to run, and within which bounds. */
export interface WorkerSpec {
  /** The connector's id. */
  readonly id: string;
  readonly kind: string;
  /** What the adapter's own `type` must equal. Absent: nothing is known of it. */
  readonly type?: ConnectorType;
  readonly packageName: string;
  readonly packageVersion: string;
  readonly isolation: IsolationLevel;
  /** `file:` URL of the real path of the adapter's module; or, at isolation `none` alone, its class. */
  readonly code: string | (new () => unknown);
  /**
   * Resolves references at each start, so that a changed secret takes effect. Rejects with a ConnectorError. The
   * description says which settings are secret.
   */
  resolveConfig(description: ConnectorDescription): Promise<WorkerConfig> | WorkerConfig;
  /**
   * Says at each start where the code is to be run from, in place of `code`; undefined: from there. Throws, or rejects with, a
   * ConnectorError where it must not be run, or not any more.
   */
  locateCode?(): CodePlace | undefined | Promise<CodePlace>;
  readonly startTimeoutMs: number;
  readonly memoryMb: number;
  /** Default: none. */
  readonly reach?: Reach;
  /** The environment variables that it sees, read anew at each start. Default: none. */
  readonly env?: () => Readonly<Record<string, string>>;
  /** Where it may connect to, read anew at each start. At isolation `none` nothing holds it to that. Default: anywhere. */
  readonly network?: () => NetworkPolicy;
  /**
   * For how long this host may send anything for the connector, in milliseconds. Asked with all that is sent to the worker, which begins no
   * call of an action, and judges no webhook, later than that. Absent: for ever.
   */
  readonly heldForMs?: () => number;
  /** Milliseconds without a call after which the worker stops; absent: never. */
  readonly idleStopMs?: number;
}

/** How far a worker has to come: adapter constructed and described; initialized; connected. */
export type WorkerLevel = 'described' | 'initialized' | 'ready';

export type WorkerOp = 'execute' | 'health' | 'connect' | 'validate' | 'renew' | 'webhook';

/** A webhook that the adapter is to judge. */
export interface WorkerWebhook {
  readonly headers: Readonly<Record<string, string>>;
  /** In base64. */
  readonly body: string;
}

/** One message to the adapter. */
export interface WorkerCall extends Omit<CallExtras, 'progress'> {
  readonly op: WorkerOp;
  /** The action for `execute`, otherwise empty. */
  readonly action: string;
  /** JSON text: the payload; for `validate` a `ConfigCheck`, for `renew` a `WorkerConfig`, for `webhook` a `WorkerWebhook`. */
  readonly payload: string;
  /** When the attempt ends, in milliseconds since the epoch. */
  readonly deadline: number;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
  /** Hears how far it is. */
  readonly onProgress?: CallOptions['onProgress'];
}

/** Who waits for a worker, and how long. */
export interface WorkerWait {
  /** In milliseconds since the epoch; absent: as long as it takes. */
  readonly deadline?: number;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds from the moment that the worker may start, or is found running; absent: no bound but the start's own. */
  readonly withinMs?: number;
  /** Nobody waits for an answer, so that starts for those who do go first. */
  readonly background?: boolean;
}

/** Where a worker stands. Each phase has only what is true in it. */
export type WorkerState =
  | { readonly phase: 'idle' }
  /** It waits for its turn to start, as only so many start at a time. */
  | { readonly phase: 'queued'; readonly since: number }
  | { readonly phase: 'starting'; readonly since: number }
  | { readonly phase: 'running'; readonly since: number; readonly level: WorkerLevel }
  | { readonly phase: 'backing-off'; readonly error: ErrorEnvelope; readonly crashes: number; readonly retryAt: number }
  | { readonly phase: 'quarantined'; readonly error: ErrorEnvelope; readonly crashes: number; readonly retryAt: number }
  | { readonly phase: 'stopping' }
  | { readonly phase: 'closed' };

/** A record that a connector's code wrote, through its logger or to its console. */
export interface WorkerLogRecord {
  readonly connector: string;
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  readonly message: string;
  readonly fields?: JsonObject;
  /** `logger`, `stdout`, `stderr`, or `host` for what the runtime itself has to say of the worker. */
  readonly source: 'logger' | 'stdout' | 'stderr' | 'host';
}

/** Every text of a connector passes it on its way into the host, so that nothing behind it, now or later, holds a secret. */
export interface SecretFilter {
  /** A connector says that it obtained secrets, before it says anything that may hold them. */
  learn(connector: string, values: readonly string[]): void;
  /** JSON text without known secrets. */
  scrubText(jsonText: string): string;
  scrubString(text: string): string;
  scrubEnvelope(envelope: ErrorEnvelope): ErrorEnvelope;
}

/** What the host wants to hear. Log records come as they were written: what writes them scrubs them. None of these may throw. */
export interface WorkerEvents {
  onLog(record: WorkerLogRecord): void;
  /** As `onLog`, and tells what became of the record. */
  onRecord(record: WorkerLogRecord): Promise<LogReceipt>;
  onState(id: string, state: WorkerState): void;
  /** The thread died or was killed; `error.details.reason` says how, `version` which of its package ran. */
  onCrash(id: string, error: ErrorEnvelope, version: string): void;
  /** What the connector can do was learned from its remote system, perhaps what it was. */
  onActions?(id: string): void;
  /** There are more abandoned threads, or fewer. */
  onAbandoned?(): void;
  /** The runtime itself failed at something, and goes on. `at` completes "a fault of the host, as …". */
  onFault(fault: unknown, at: string): void;
}

export interface WorkerStats {
  readonly state: WorkerState;
  /** Starts of the thread, the first included. */
  readonly starts: number;
  readonly crashes: number;
  /** When its present life began, in milliseconds since the epoch; absent without one, and where it lives in the host's own thread. */
  readonly startedAt?: number | undefined;
  /** Calls sent and not yet answered. */
  readonly pending: number;
  /** Heap and buffers of the thread in bytes; 0 without one. */
  readonly memoryBytes: number;
  /** Threads of its former lives that do not end, as they are blocked outside JavaScript. */
  readonly abandonedThreads: number;
  /** Calls that are refused, as they ended it again and again. */
  readonly poisonousCalls: number;
  /** Share of time that its event loop was busy, 0 to 1. */
  readonly utilization: number;
  /** Messages outside the protocol that were dropped. */
  readonly droppedMessages: number;
  /** Log lines dropped because the connector wrote too many. */
  readonly droppedLogLines: number;
}

/** What a worker has used by now in its present life. Times are in milliseconds. */
export interface WorkerUse {
  /** When it began, since the epoch: another one is another life. */
  readonly startedAt: number;
  /** Heap and buffers. */
  readonly memoryBytes: number;
  /** Of processors; undefined where the system does not say. */
  readonly cpuMs: number | undefined;
  /** How long its event loop has worked and rested. */
  readonly activeMs: number;
  readonly idleMs: number;
  /** What its last sign of life took. */
  readonly lagMs: number | undefined;
}

/** One connector's worker: started on demand, watched, replaced when it dies. */
export interface ConnectorWorker {
  readonly id: string;
  state(): WorkerState;
  stats(): WorkerStats;
  /** What it has used by now in its present life, and a new sign of life is asked for; undefined where it does not run. */
  use(): Promise<WorkerUse | undefined>;
  /** Whether its adapter runs and takes other secrets by the operation `renew`. */
  readonly takesSecrets: boolean;
  /** The last description, if the kind was ever described. */
  description(): ConnectorDescription | undefined;
  /**
   * Brings the worker as far as `level`, starting it if need be; concurrent calls share one start. A start that fails
   * rejects with the ConnectorError of the step that failed (import, construct, describe, settings, initialize,
   * connect). A failed connect leaves the worker initialized: the next `ensure('ready')` only connects again. While
   * backing off or quarantined it rejects with UNAVAILABLE and `retryAfterMs`. Only so many workers start at a time: the
   * others wait for their turn, from which their `startTimeoutMs` runs. The start goes on when a waiting caller gives up.
   */
  ensure(level: WorkerLevel, wait: WorkerWait): Promise<ConnectorDescription>;
  /** Sends one call to the running worker; never rejects. WORKER_LOST when it dies under the call, UNAVAILABLE when there is none. */
  call(call: WorkerCall): Promise<Outcome<string>>;
  /** Ends quarantine or back-off at once. */
  reset(): void;
  /** Stops it, as `stop`, if no call is under way and no action was executed within the last so many milliseconds. */
  stopUnused(forMs: number): void;
  /** Closes the adapter (bounded by `graceMs`), then ends the thread. Idempotent. The worker may be started again by `ensure`, unless closed. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
  /** `stop`, for good. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** What to describe. */
export interface InspectSpec extends Omit<WorkerSpec, 'id' | 'resolveConfig' | 'idleStopMs'> {
  readonly check?: ConfigCheck;
  /** Called before the kind sees the settings. */
  onDescribed?(description: ConnectorDescription): void;
  /** Shows the kind further configurations, for as long as it runs. */
  ask?(validate: Validate, description: ConnectorDescription): Promise<void>;
}

/** Has a kind check a configuration. Rejects with a ConnectorError where it gives no answer. */
export type Validate = (check: ConfigCheck) => Promise<readonly Problem[]>;

/** Makes workers. One isolation level is one body. */
export interface Runtime {
  create(spec: WorkerSpec): ConnectorWorker;
  /**
   * Starts a throw-away worker only to describe a kind and check a configuration against it: nothing is initialized or
   * connected. Settings are checked by the adapter's own schema, and paths by what the operator granted.
   */
  inspect(
    spec: InspectSpec,
  ): Promise<{ readonly description: ConnectorDescription; readonly problems: readonly Problem[] }>;
  /** Starts that wait for their turn. */
  readonly waitingStarts: number;
  /** Threads that were given up and do not end, also those of connectors that are gone and of kinds that were only described. */
  readonly abandonedThreads: number;
  /** Why the host cannot go on for long as it is, and who must act; undefined where it can. */
  unwell(): UnavailableError | undefined;
  /** Whether a worker of this connector is not closed yet. */
  runs(connector: string): boolean;
  /** Whether a worker runs code from this directory. */
  runsFrom(directory: string): boolean;
  /** Closes every worker, in parallel, each bounded, and starts no more: UNAVAILABLE from then on. Idempotent. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}
