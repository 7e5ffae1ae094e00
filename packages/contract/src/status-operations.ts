import type { CallOptions } from './call-options.ts';
import type { ConnectorStatus } from './connector.ts';
import type { Blame } from './error-codes.ts';

/** A way into a host. */
export const DOOR_NAMES = ['grpc', 'rest', 'socket'] as const;
export type DoorName = (typeof DOOR_NAMES)[number];

export interface DoorStatus {
  readonly name: DoorName;
  /** `127.0.0.1:50051`, `http://127.0.0.1:8080`, a path of the file system. */
  readonly address: string;
}

/** How many connectors are how. */
export interface ConnectorCounts {
  readonly total: number;
  readonly healthy: number;
  readonly unhealthy: number;
  /** Disabled. */
  readonly unavailable: number;
  /** Not checked yet. */
  readonly unknown: number;
  readonly paused: number;
  /** Those that go on as they were, as a change of them failed. */
  readonly heldBack: number;
}

/** A host and how it is. */
export interface HostStatus {
  readonly version: string;
  /** Of its process; absent where the program that embeds it does not tell. */
  readonly pid?: number;
  /** When it had started, ISO 8601. */
  readonly since: string;
  /** The machine's name. */
  readonly node: string;
  /** Name of the directory that it keeps its data in, without the way there. */
  readonly dataDir: string;
  /** None where it runs within a program that opened no door. */
  readonly doors: readonly DoorStatus[];
  readonly connectors: ConnectorCounts;
}

/** What found how a connector is: a health check, a connect (a test, a start), or a call. */
export const HEALTH_WITNESSES = ['check', 'connect', 'call'] as const;
export type HealthWitness = (typeof HEALTH_WITNESSES)[number];

/** What was found of a connector once. */
export interface HealthFinding {
  /** When, ISO 8601. */
  readonly at: string;
  readonly status: Extract<ConnectorStatus, 'healthy' | 'unhealthy'>;
  readonly message: string;
  /** Who must act; absent where it was healthy. */
  readonly blame?: Blame;
  readonly responseTimeMs: number;
  readonly by: HealthWitness;
  /** The id of the host that found it. Absent where one host shares its store with none, or all that is told was found by the only one. */
  readonly host?: string;
}

/** The part of the port that says how the host is, and how its connectors were. */
export interface StatusOperations {
  /** Which host this is, since when it runs, where it is reached, and how its connectors are, as known. */
  getStatus(options?: CallOptions): Promise<HostStatus>;
  /** The last findings of one connector's health by all hosts, the oldest first; at most 240, since it was added. */
  listHealthHistory(id: string, options?: CallOptions): Promise<readonly HealthFinding[]>;
}
