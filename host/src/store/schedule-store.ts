/** A call that is to be started again and again. Times are milliseconds since the epoch. */
export interface StoredSchedule {
  readonly name: string;
  readonly connector: string;
  readonly action: string;
  /** Name of the principal that set it. */
  readonly principal: string;
  /** Its scopes at that time. */
  readonly scopes: readonly string[];
  /** Sealed, in base64. Given when it is set; of one that is read only where it was kept before payloads stood apart. */
  readonly payload?: string;
  readonly cron: string;
  /** IANA name. */
  readonly timeZone: string;
  readonly priority: number;
  readonly runTimeoutMs?: number;
  /** Sealed, in base64: where the end of each is told. */
  readonly callbackUrl?: string;
  readonly createdAt: number;
  readonly pausedSince?: number;
}

/** How far a schedule has come. */
export interface ScheduleState {
  /** When it is due next, paused or not. */
  readonly nextAt: number;
  /** When it was due last, and what was started then. */
  readonly lastAt?: number;
  readonly lastExecution?: string;
}

export type KeptSchedule = StoredSchedule & ScheduleState;

/**
 * Keeps schedules, which several hosts may share. A method that has resolved has written durably; what cannot be done rejects with an
 * UnavailableError in words for the operator.
 */
export interface ScheduleStore {
  /** Milliseconds since 1970, by the clock that the hosts share which share it. */
  now(): number;
  /** All of them, by name, without what may be large: their payloads. Rows that cannot be read are left out. */
  load(): Promise<readonly KeptSchedule[]>;
  /** Bytes that all of them take but the one of that name, payloads among it. */
  bytesBeside(name: string): Promise<number>;
  /** The sealed payload of one, in base64; undefined where it is not as it was read any more. */
  payload(schedule: KeptSchedule): Promise<string | undefined>;
  /**
   * Puts a schedule in the place of one that was read before, or adds it where `before` is undefined. One without a payload keeps what
   * stands there. False, and nothing is changed, where that one is not as it was read any more.
   */
  put(schedule: KeptSchedule, before: KeptSchedule | undefined): Promise<boolean>;
  /** Goes on from when it was due; false where another host has done so, or it was set anew. */
  advance(name: string, from: number, to: Required<ScheduleState>): Promise<boolean>;
  /** False where it is not as it was read any more, but for how far it has come. */
  delete(before: KeptSchedule): Promise<boolean>;
  close(): Promise<void>;
}

/** The JSON text of a schedule as it was read, beside how far it has come. */
export function textOfSchedule(schedule: KeptSchedule): string {
  const { nextAt: _next, lastAt: _last, lastExecution: _execution, ...set } = schedule;
  return JSON.stringify(set);
}

/** What is kept of a schedule as JSON text, beside how far it has come and its payload. */
export function textToKeep({ payload: _payload, ...schedule }: KeptSchedule): string {
  return textOfSchedule(schedule);
}

/** The way back; undefined for what somebody else has changed. */
export function scheduleOf(
  text: string,
  { nextAt, lastAt, lastExecution }: Readonly<Record<'nextAt' | 'lastAt' | 'lastExecution', unknown>>,
): KeptSchedule | undefined {
  try {
    const set = JSON.parse(text) as StoredSchedule;
    return {
      ...set,
      nextAt: Number(nextAt),
      ...(lastAt === null ? {} : { lastAt: Number(lastAt) }),
      ...(typeof lastExecution === 'string' ? { lastExecution } : {}),
    };
  } catch {
    return undefined;
  }
}
