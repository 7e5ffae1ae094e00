import type { CallOptions } from './call-options.ts';
import type { StartExecutionRequest } from './execution-operations.ts';

/** An execution that is to be started again and again. */
export interface SetScheduleRequest extends Omit<StartExecutionRequest, 'idempotencyKey' | 'runAt'> {
  /** Up to 63 letters, digits, `_`, `.` or `-`; no two have the same. */
  readonly name: string;
  /** When: minute, hour, day of the month, month and day of the week, as cron has them: `0 9 * * 1-5`. */
  readonly cron: string;
  /** Where these are the time of day: a name such as `Europe/Berlin`. Default: the host's own zone. */
  readonly timeZone?: string;
}

/** Times are ISO 8601. */
export interface Schedule {
  readonly name: string;
  readonly connector: string;
  readonly action: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly priority: number;
  readonly runTimeoutMs?: number;
  /** Name of who set it, whose executions it starts. */
  readonly principal: string;
  readonly createdAt: string;
  /** Since when it starts none. */
  readonly pausedSince?: string;
  /** When it starts the next one. Absent while it is paused, and where there is no such time. */
  readonly nextAt?: string;
  /** For which time it started the last one. */
  readonly lastAt?: string;
  /** Id of that execution. */
  readonly lastExecution?: string;
  /** Where the end of each is told. */
  readonly callbackUrl?: string;
}

/** What a removal of a schedule answers. */
export interface ScheduleChange {
  readonly name: string;
  /** A sentence for people. */
  readonly message: string;
}

/**
 * The part of the port that starts executions at their times. Everyone has their own schedules, and the scope `admin` those of all: of others' a
 * caller hears NOT_FOUND, reason `unknown_schedule`. Each time is started once, over all hosts and restarts; of the times that passed while none ran
 * the last one is started, once.
 */
export interface ScheduleOperations {
  /**
   * Adds a schedule, or replaces one's own whole; it is written durably before the answer. ALREADY_EXISTS, reason `schedule_taken`, where another
   * caller has one of that name; OVERLOADED, reason `schedules_full`, where no more are kept.
   */
  setSchedule(request: SetScheduleRequest, options?: CallOptions): Promise<Schedule>;
  /** In order of name. */
  listSchedules(options?: CallOptions): Promise<readonly Schedule[]>;
  /** Starts none until it is resumed. */
  pauseSchedule(name: string, options?: CallOptions): Promise<Schedule>;
  resumeSchedule(name: string, options?: CallOptions): Promise<Schedule>;
  /** The executions that it started stay. */
  removeSchedule(name: string, options?: CallOptions): Promise<ScheduleChange>;
}
