import type { LogReceipt } from '@automate/sdk';
import type { AbandonedThreads } from './abandoned-threads.ts';
import type { Bodies } from './bodies/body.ts';
import type { DeadlineSweeper } from './deadline-sweeper.ts';
import type { FromWorker } from './messages.ts';
import type { RestartPolicyOptions } from './restart-policy.ts';
import type { SecretFilter, WorkerEvents } from './runtime.ts';
import type { StartQueue } from './start-queue.ts';
import type { WorkerWatch } from './worker-watch.ts';

/** What all workers of one runtime share. */
export interface RuntimeParts {
  readonly events: WorkerEvents;
  readonly secrets: SecretFilter;
  readonly bodies: Bodies;
  readonly sweeper: DeadlineSweeper;
  readonly watch: WorkerWatch;
  readonly starts: StartQueue;
  readonly abandoned: AbandonedThreads;
  readonly policy: Partial<RestartPolicyOptions>;
  readonly ackMs: number;
  readonly graceMs: number;
  readonly closeGraceMs: number;
  readonly compileCacheDirectory: string | undefined;
  /** Passes on what a connector wrote, within the budget of the host. */
  log(connector: string, record: Extract<FromWorker, { kind: 'log' }>): void;
  /** Writes a record whole or not at all, outside of any budget, and tells. */
  record(
    connector: string,
    record: Pick<Extract<FromWorker, { kind: 'record' }>, 'level' | 'message' | 'fields'>,
  ): Promise<LogReceipt>;
  /** What the runtime itself has to say of a worker. */
  note(
    connector: string,
    level: 'info' | 'warn' | 'error',
    message: string,
    fields?: Readonly<Record<string, string | number>>,
  ): void;
}
