import type { CallbackState, ExecutionStatus } from '@automate/contract';

/** A call that was asked for. What it carries is sealed by whoever stores it. Times are milliseconds since the epoch. */
export interface NewExecution {
  readonly id: string;
  readonly connector: string;
  readonly action: string;
  /** Name of the principal that asked for it. */
  readonly principal: string;
  /** Its scopes at that time. */
  readonly scopes: readonly string[];
  /** The caller's idempotency key. */
  readonly key?: string | undefined;
  readonly payload: Uint8Array;
  /** SHA-256 of the payload's text, in hexadecimal digits. */
  readonly payloadSha256: string;
  readonly runTimeoutMs?: number | undefined;
  readonly runAt?: number | undefined;
  readonly priority: number;
  /** W3C trace context of who asked. */
  readonly traceparent?: string | undefined;
  /** The one that this one repeats. */
  readonly rerunOf?: string | undefined;
  /** Name of the schedule that started it. */
  readonly schedule?: string | undefined;
  /** Sealed: where its end is told. */
  readonly callbackUrl?: Uint8Array | undefined;
}

/** What is known of an execution. */
export interface StoredExecution extends Omit<NewExecution, 'payload'> {
  /** Grows with each one that is stored. */
  readonly seq: number;
  readonly status: ExecutionStatus;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly expiresAt?: number;
  readonly attempts: number;
  /** JSON text of how far it is. */
  readonly progress?: string;
  /** Somebody cancelled it, and its run has not ended yet. */
  readonly cancelling: boolean;
  /** Sealed: the result's text, or that of an error's envelope. Lists are without results. */
  readonly outcome?: Uint8Array;
  readonly rerunAs?: string;
  /** What became of telling its end, of one that has a `callbackUrl`, and how often that was tried. */
  readonly callback?: CallbackState;
  readonly callbackTries?: number;
}

/** Ends to be told now, each to one host alone until `CALLBACK_MS` later, and when the next is due. */
export interface DueCallbacks {
  readonly due: readonly StoredExecution[];
  readonly nextAt?: number;
}

/** How long a host may take to tell an end before another one does, in milliseconds; and the longest wait before that is tried again. */
export const CALLBACK_MS = 30_000;
export const LONGEST_CALLBACK_WAIT_MS = 60 * 60_000;

/** The right to run an execution and to say how that ended: of one host alone, which holds the newest token. */
export interface Claim {
  readonly id: string;
  readonly token: number;
}

export interface HeldExecution extends StoredExecution {
  readonly token: number;
}

export interface ClaimedExecution extends HeldExecution {
  /** Sealed. */
  readonly payload: Uint8Array;
}

/** How an execution ended. */
export interface ExecutionEnd {
  readonly status: Exclude<ExecutionStatus, 'queued' | 'running'>;
  /** Sealed. Absent where there is no result to be kept. */
  readonly outcome?: Uint8Array | undefined;
  readonly expiresAt: number;
}

/** Back to the queue. */
export interface AnotherRun {
  /** How long it waits before, in milliseconds. */
  readonly afterMs: number;
  /** Whether the run that ended counts among its attempts. */
  readonly counts: boolean;
  /** Sealed: the error of the run that ended. */
  readonly outcome?: Uint8Array | undefined;
}

/** What a start came to: a new execution; the one of the same key; or nothing, as the one that it should repeat was repeated or has not failed. */
export type Enqueued = { readonly as: 'new' | 'found' | 'not_repeated'; readonly execution: StoredExecution };

export interface StoredExecutionFilter {
  readonly connector?: string | undefined;
  readonly principal?: string | undefined;
  readonly status?: readonly ExecutionStatus[] | undefined;
  /** Those that failed or are unknown and were not repeated. */
  readonly deadLetters?: boolean | undefined;
  /** Those that were stored before the one of this `seq`. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** What waits to be run. */
export interface Waiting {
  /** Connectors of which something could be run now. */
  readonly connectors: readonly string[];
  /** When the next becomes due that waits for its time. */
  readonly nextAt?: number;
  /** Whether other hosts have claims, which may lapse. */
  readonly others: boolean;
}

/** How many of a connector there are now. */
export interface ExecutionCounts {
  readonly connector: string;
  /** Those that could be run. */
  readonly queued: number;
  readonly running: number;
  /** Those that failed or are unknown and were not repeated. */
  readonly deadLetters: number;
}

/** How long a host's claims count without a sign of life, in milliseconds; each renewal is one. */
export const LEASE_MS = 3_000;

/**
 * Keeps executions and says who runs them; several hosts may share one store. A method that has resolved has written durably: a process
 * killed the moment after loses nothing. Methods reject with an UnavailableError in words for the operator where the storage fails.
 *
 * A claim belongs to the host that made it until its execution has ended or is queued again, or until that host gives no sign of life for
 * `LEASE_MS`, as others measure it by clocks that nobody sets; what lapsed is given to one of them under a higher token, and whoever
 * comes with a lower one changes nothing.
 */
export interface ExecutionStore {
  /** Whether others may go on with it while one host cannot, as they reach it over a network: that host's claims lapse meanwhile. */
  readonly isRemote: boolean;
  /** Milliseconds since 1970, by the clock that the hosts share which share it. */
  now(): number;
  /** Rejects with OVERLOADED where no more are kept. */
  enqueue(execution: NewExecution): Promise<Enqueued>;
  find(id: string): Promise<StoredExecution | undefined>;
  /** The sealed payload of one that may be run, or run again. */
  payload(id: string): Promise<Uint8Array | undefined>;
  /** The newest first. */
  list(filter: StoredExecutionFilter): Promise<readonly StoredExecution[]>;
  waiting(): Promise<Waiting>;
  /**
   * Takes what is to be run next: those with more priority first, then the older.
   *
   * @param most how many at most
   * @param limits by connector, how many of it may run at the same time over all hosts; of others none is taken
   * @param shares by connector, how many of it are taken now at most; absent: as many as there is room for
   */
  claim(
    most: number,
    limits: Readonly<Record<string, number>>,
    shares?: Readonly<Record<string, number>>,
  ): Promise<readonly ClaimedExecution[]>;
  /** Has other hosts look at once what there is to be run. Absent where they find out as soon by themselves. */
  offer?(): void;
  /** Gives a sign of life. Answers with those among the claims that are another's by now, and with those that somebody cancelled. */
  renew(claims: readonly Claim[]): Promise<{ readonly lost: readonly string[]; readonly cancelled: readonly string[] }>;
  /** Takes over claims that have lapsed, and those that stand in this host's name without being among `held`. They are still `running`. */
  takeOver(held: readonly string[]): Promise<readonly HeldExecution[]>;
  progress(claim: Claim, progress: string): Promise<void>;
  /** False where the claim is another's by now, and nothing was changed. */
  finish(claim: Claim, end: ExecutionEnd): Promise<boolean>;
  /** Queues it again; false as above, and where somebody has cancelled it. */
  requeue(claim: Claim, again: AnotherRun): Promise<boolean>;
  /** Ends one that waits; of one that runs it is noted, for the host that runs it. Gives how it stands then. */
  cancel(id: string, end: Omit<ExecutionEnd, 'status'>): Promise<StoredExecution | undefined>;
  /** Takes ends that are to be told, those first that are due the longest. Each counts as tried. */
  claimCallbacks(most: number): Promise<DueCallbacks>;
  /** What came of one; false, and nothing is changed, where it was taken again meanwhile. Tried again `afterMs` later. */
  endCallback(
    execution: Pick<StoredExecution, 'id' | 'callbackTries'>,
    end: Exclude<CallbackState, 'pending'> | { readonly afterMs: number },
  ): Promise<boolean>;
  /** Connectors of which any are kept. */
  connectors(): Promise<readonly string[]>;
  /** Has those of some connectors that have ended be kept for so many milliseconds after that at most. */
  shorten(ttlsMs: Readonly<Record<string, number>>): Promise<void>;
  /** Forgets those whose time is over, and whose end is not to be told any more. Gives how many. */
  expire(): Promise<number>;
  /** Of each connector of which something waits, runs, or is a dead letter. What it takes grows with how many those are. */
  stats(): Promise<readonly ExecutionCounts[]>;
  close(): Promise<void>;
}
