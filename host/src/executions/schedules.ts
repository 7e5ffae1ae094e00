import type {
  CallOptions,
  Principal,
  Schedule,
  ScheduleChange,
  ScheduleOperations,
  Scope,
  SetScheduleRequest,
} from '@automate/contract';
import {
  AlreadyExistsError,
  hasScope,
  LOCAL_PRINCIPAL,
  NotFoundError,
  quote,
  UnavailableError,
} from '@automate/contract';
import type { KeptSchedule, ScheduleStore } from '../store/schedule-store.ts';
import { textToKeep } from '../store/schedule-store.ts';
import { cronTimes, ownZone } from './cron-times.ts';
import type { Sealer } from './execution-texts.ts';
import { requirePayloadText } from './payload-text.ts';
import { requireRoom } from './schedules-full.ts';

/** How often a change begins anew, as others came first. */
const MOST_TRIES = 20;

/** Longest wait before the schedules are looked at again, in milliseconds: the clock may be set, and another host may set one. */
const LOOK_MS = 30_000;

/** Wait before one is looked at again that was changed while it was, in milliseconds. */
const SOON_MS = 100;

export interface SchedulesOptions {
  readonly store: ScheduleStore;
  readonly sealer: Sealer;
  /** Starts what is due, once for the time that it is due for. Gives the execution's id. */
  startScheduled(schedule: KeptSchedule, payload: string, callbackUrl: string | undefined): Promise<string>;
  /** Throws where no end may be told there. */
  requireAllowed(callbackUrl: string): void;
  /** What whoever has this name may do now; undefined: there is nobody of that name any more. */
  scopesOf(name: string): readonly Scope[] | undefined;
  mayCall(principal: Principal, connector: string, action: string): boolean;
  /** Throws NOT_FOUND where there is no connector of that id. */
  requireConnector(id: string, caller: Principal): unknown;
  /** Throws where another process serves the data directory, which starts what is due. */
  assertWritable(): void;
  warn(message: string): void;
  /** Hears of what could not be done, which is tried again. */
  onFault(fault: unknown, at: string): void;
}

/** Starts executions at their times. What is asked was checked by the service, and who may ask by the guard. */
export class Schedules implements ScheduleOperations {
  readonly #options: SchedulesOptions;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #open = false;

  constructor(options: SchedulesOptions) {
    this.#options = options;
  }

  /** Begins to start what is due. */
  open(): void {
    this.#open = true;
    this.wake();
  }

  async close(): Promise<void> {
    this.#open = false;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  async setSchedule(request: SetScheduleRequest, options: CallOptions = {}): Promise<Schedule> {
    const { store, sealer, requireConnector, assertWritable } = this.#options;
    const { principal = LOCAL_PRINCIPAL } = options;
    const { name, id: connector, action, cron, timeZone = ownZone(), priority = 0, runTimeoutMs } = request;
    const { callbackUrl } = request;
    const nextAt = cronTimes(cron, timeZone).after(this.#options.store.now());
    if (nextAt === undefined) throw new Error('a cron expression that comes was found not to');
    const payload = requirePayloadText(request);
    requireConnector(connector, principal);
    if (callbackUrl !== undefined) this.#options.requireAllowed(callbackUrl);
    assertWritable();
    const set = {
      ...{ name, connector, action, cron: cron.trim(), timeZone, priority, nextAt },
      ...(runTimeoutMs === undefined ? {} : { runTimeoutMs }),
      principal: principal.name,
      scopes: principal.scopes,
      payload: Buffer.from(sealer.seal(placeOf(name), payload)).toString('base64'),
      createdAt: this.#options.store.now(),
      ...(callbackUrl === undefined ? {} : { callbackUrl: sealCallback(sealer, name, callbackUrl) }),
    };
    const schedule = await whereUnchanged(name, async () => {
      const all = await store.load();
      const before = all.find((each) => each.name === name);
      if (before !== undefined && !owns(principal, before)) throw taken(name);
      const bytes = (await store.bytesBeside(name)) + Buffer.byteLength(textToKeep(set)) + set.payload.length;
      requireRoom(name, { count: all.length, isNew: before === undefined, bytes });
      const now = before?.pausedSince === undefined ? set : { ...set, pausedSince: before.pausedSince };
      return (await store.put(now, before)) ? now : undefined;
    });
    this.wake();
    return this.#view(schedule);
  }

  async listSchedules({ principal = LOCAL_PRINCIPAL }: CallOptions = {}): Promise<readonly Schedule[]> {
    const all = await this.#options.store.load();
    return all.filter((schedule) => owns(principal, schedule)).map((schedule) => this.#view(schedule));
  }

  pauseSchedule(name: string, options: CallOptions = {}): Promise<Schedule> {
    return this.#change(name, options, (schedule) => ({ pausedSince: this.#options.store.now(), ...schedule }));
  }

  /** What it would have started meanwhile is not started. */
  resumeSchedule(name: string, options: CallOptions = {}): Promise<Schedule> {
    return this.#change(name, options, ({ pausedSince, ...schedule }) =>
      pausedSince === undefined
        ? schedule
        : {
            ...schedule,
            nextAt: cronTimes(schedule.cron, schedule.timeZone).after(this.#options.store.now()) ?? schedule.nextAt,
          },
    );
  }

  async removeSchedule(name: string, options: CallOptions = {}): Promise<ScheduleChange> {
    await whereUnchanged(name, async () => {
      const before = await this.#find(name, options);
      this.#options.assertWritable();
      return (await this.#options.store.delete(before)) ? before : undefined;
    });
    return { name, message: `removed the schedule "${name}"` };
  }

  async #change(
    name: string,
    options: CallOptions,
    change: (schedule: KeptSchedule) => KeptSchedule,
  ): Promise<Schedule> {
    const schedule = await whereUnchanged(name, async () => {
      const before = await this.#find(name, options);
      this.#options.assertWritable();
      const after = change(before);
      return (await this.#options.store.put(after, before)) ? after : undefined;
    });
    this.wake();
    return this.#view(schedule);
  }

  #view(schedule: KeptSchedule): Schedule {
    const callbackUrl = this.#callbackUrlOf(schedule);
    return { ...viewOf(schedule), ...(callbackUrl === undefined ? {} : { callbackUrl }) };
  }

  /** Undefined where there is none, and where it cannot be read any more. */
  #callbackUrlOf({ name, callbackUrl }: KeptSchedule): string | undefined {
    return callbackUrl === undefined
      ? undefined
      : this.#options.sealer.open(callbackPlaceOf(name), Buffer.from(callbackUrl, 'base64'));
  }

  /** Throws NOT_FOUND for one that there is not, and for another caller's. */
  async #find(name: string, { principal = LOCAL_PRINCIPAL }: CallOptions): Promise<KeptSchedule> {
    const found = (await this.#options.store.load()).find((each) => each.name === name);
    if (found !== undefined && owns(principal, found)) return found;
    throw new NotFoundError(`there is no schedule ${quote(name)}, or it is not yours`, {
      details: { reason: 'unknown_schedule' },
    });
  }

  /** Another host may have set some. */
  wake(): void {
    if (!this.#open) return;
    this.#again = true;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      if (this.#again) this.wake();
    });
  }

  async #look(): Promise<void> {
    this.#again = false;
    clearTimeout(this.#timer);
    let waitMs = LOOK_MS;
    try {
      for (const schedule of await this.#options.store.load()) {
        if (schedule.pausedSince !== undefined) continue;
        const nextAt = schedule.nextAt <= this.#options.store.now() ? await this.#start(schedule) : schedule.nextAt;
        waitMs = Math.min(waitMs, Math.max(0, nextAt - this.#options.store.now()));
      }
    } catch (fault) {
      this.#options.onFault(fault, 'schedules were looked at');
    }
    if (!this.#open) return;
    this.#timer = setTimeout(() => this.wake(), waitMs);
    this.#timer.unref();
  }

  /** Starts the last of the times that have come, and gives when the next comes. What fails is tried again a little later. */
  async #start(schedule: KeptSchedule): Promise<number> {
    const { store, sealer, startScheduled, scopesOf, mayCall, warn, onFault } = this.#options;
    const { name, principal, connector, action, cron, timeZone } = schedule;
    try {
      const scopes = scopesOf(principal);
      if (scopes === undefined || !mayCall({ name: principal, scopes }, connector, action)) {
        if (await store.put({ ...schedule, pausedSince: this.#options.store.now() }, schedule))
          warn(
            `the schedule "${name}" is paused: "${principal}", who set it, may not call "${action}" of "${connector}" any more`,
          );
        return Infinity;
      }
      const sealed = await store.payload(schedule);
      // Somebody has set it anew, or removed it, just now.
      if (sealed === undefined) return store.now() + SOON_MS;
      const payload = sealer.open(placeOf(name), Buffer.from(sealed, 'base64'));
      if (payload === undefined) throw new Error(`the payload of the schedule "${name}" cannot be read: set it anew`);
      const times = cronTimes(cron, timeZone);
      const now = this.#options.store.now();
      const lastAt = Math.max(schedule.nextAt, times.upTo(now) ?? schedule.nextAt);
      const nextAt = times.after(now) ?? Infinity;
      const callbackUrl = this.#callbackUrlOf(schedule);
      const lastExecution = await startScheduled({ ...schedule, scopes, nextAt: lastAt }, payload, callbackUrl);
      await store.advance(name, schedule.nextAt, { nextAt, lastAt, lastExecution });
      return nextAt;
    } catch (fault) {
      onFault(fault, `the schedule "${name}" was due`);
      return this.#options.store.now() + LOOK_MS;
    }
  }
}

/** Makes a change again from the start for as long as others come first. */
async function whereUnchanged<T>(name: string, change: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const done = await change();
    if (done !== undefined) return done;
  }
  throw new UnavailableError(
    `the schedule "${name}" is being changed by others all the time: nothing was done; ask again`,
    { effect: 'none' },
  );
}

function owns(principal: Principal, schedule: KeptSchedule): boolean {
  return schedule.principal === principal.name || hasScope(principal, 'admin');
}

function sealCallback(sealer: Sealer, name: string, url: string): string {
  return Buffer.from(sealer.seal(callbackPlaceOf(name), url)).toString('base64');
}

function callbackPlaceOf(name: string): readonly string[] {
  return ['schedule', name, 'callback'];
}

function placeOf(name: string): readonly string[] {
  return ['schedule', name];
}

/** All but where ends are told. */
function viewOf(schedule: KeptSchedule): Schedule {
  const { name, connector, action, cron, timeZone, priority, runTimeoutMs, principal, createdAt } = schedule;
  const { pausedSince, nextAt, lastAt, lastExecution } = schedule;
  return {
    ...{ name, connector, action, cron, timeZone, priority, principal, createdAt: timeOf(createdAt) },
    ...(runTimeoutMs === undefined ? {} : { runTimeoutMs }),
    ...(pausedSince === undefined ? { nextAt: timeOf(nextAt) } : { pausedSince: timeOf(pausedSince) }),
    ...(lastAt === undefined ? {} : { lastAt: timeOf(lastAt) }),
    ...(lastExecution === undefined ? {} : { lastExecution }),
  };
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function taken(name: string): AlreadyExistsError {
  return new AlreadyExistsError(`another caller has a schedule of the name ${quote(name)}: take another name`, {
    details: { reason: 'schedule_taken' },
  });
}
