import type { ConnectorType, IsolationLevel } from '@automate/contract';
import type { Death, KillReason } from '../death.ts';
import type { CrashReport, OpenBatch } from '../messages.ts';
import type { NetworkPolicy } from '../network-policy.ts';
import type { Reach, Snapshot } from '../runtime.ts';

/** What a body is to run: all that the worker's core needs to know before its first call. */
export interface StartTask {
  /** By which what the worker's core writes is told from what its connector may write past it. */
  readonly seal: string;
  readonly id: string;
  readonly kind: string;
  readonly type: ConnectorType | undefined;
  readonly packageName: string;
  readonly packageVersion: string;
  /** `file:` URL of the adapter's module; or the class itself, which can enter no other body than the host's own. */
  readonly code: string | (new () => unknown);
  /** The copy of its package that holds the module. */
  readonly snapshot: Snapshot | undefined;
  readonly compileCacheDirectory: string | undefined;
  /** The environment variables that its code sees. */
  readonly env: Readonly<Record<string, string>>;
  /** Where it may connect to; absent: anywhere. */
  readonly network?: NetworkPolicy | undefined;
  /** Whether the network is closed to it. */
  readonly offline?: boolean;
}

export interface Bounds {
  readonly memoryMb: number;
  /** Where it has walls. */
  readonly reach: Reach;
}

/** What a body tells. Ownership stays with whoever incarnated it. */
export interface BodyEvents {
  /** Something was posted; `undefined` where it could not be read. */
  onMessage(raw: unknown): void;
  /** Called once, after everything that the worker sent has been delivered. */
  onDeath(death: Death): void;
  /** It is given up and still there; it goes when what blocks it does, which settles `gone`. */
  onLinger(gone: Promise<void>): void;
}

/** One body that a connector's code runs in, from birth to death. It knows batches and signs of life, not calls. */
export interface Body {
  /** Whether messages can still be sent. */
  readonly alive: boolean;
  /** Whether it can stand still while the host goes on. */
  readonly ownLoop: boolean;
  post(batch: OpenBatch): void;
  /** Keeps the process while somebody waits for this body. Holds are counted. */
  hold(): void;
  release(): void;
  /** Ends it, even where its code spins if the body can do that. The first reason stands. */
  kill(reason: KillReason, message: string): void;
  /** Notes what the worker said of its end; it need not come to that. */
  noteReport(report: CrashReport): void;
  /** What `memory` counts besides the connector's heap and buffers, in bytes; it is no part of the connector's limit. */
  readonly ownBytes: number;
  /** Heap and buffers in bytes, as closely as they can be told from outside; rejects once it has ended. */
  memory(): Promise<number>;
  /**
   * Processor time that it has used so far, in milliseconds, with its own threads; undefined where the system does not say. Rejects once
   * it has ended.
   */
  cpuTime(): Promise<number | undefined>;
  /** How long its own event loop has worked and rested so far, in milliseconds. */
  loopTimes(): { readonly active: number; readonly idle: number };
}

/** Brings a body to life. It never throws: a body that cannot live dies, and tells. */
export type Incarnate = (task: StartTask, bounds: Bounds, on: BodyEvents) => Body;

/** Each isolation level is one way to bring a body to life. */
export type Bodies = Readonly<Record<IsolationLevel, Incarnate>>;
