import { createHash } from 'node:crypto';
import type { ErrorEnvelope, Outcome } from '@automate/contract';
import { UnavailableError } from '@automate/contract';
import type { Cause } from './death.ts';
import type { ChannelCall } from './held-calls.ts';
import type { Culprit } from './messages.ts';
import type { WorkerCall } from './runtime.ts';

/** So often a call may end its worker. */
const MOST_CRASHES = 2;
/** What counts of a death for each of several calls, of which one was to blame. */
const DOUBT = 0.5;
/** How long a call is remembered after the last worker that it ended, in milliseconds. */
const REMEMBERED_MS = 10 * 60_000;
const MOST_REMEMBERED = 1000;
/** A call that has so many times as long as one had which was ended at its deadline may well end within that. */
const LONGER = 2;
const MOST_SUSPECTS = 100;

/** Deaths that calls may have caused, though the worker says nothing of it. */
const DOUBTFUL: ReadonlySet<string> = new Set([
  'out_of_memory',
  'memory_exceeded',
  'killed_by_signal',
  'exited',
  'protocol_violation',
  'uncaught_exception',
]);

type Warn = (message: string, fields: Readonly<Record<string, string | number>>) => void;

/** A call that may have ended a worker. */
export interface Suspect extends Culprit {
  /** How long it had, in milliseconds, where it was that which was not enough; otherwise absent. */
  readonly hadMs?: number;
}

interface Mark extends Culprit {
  readonly certain: boolean;
  /** Infinite where time is not what it lacked. */
  readonly hadMs: number;
  crashes: number;
  reason: string;
  until: number;
}

/**
 * Which calls of one connector ended its worker, by action and payload. One that does so again and again would take the connector
 * from all who use it: it is refused alone. One that was only suspected is cleared where it works since, and all are when somebody says so.
 */
export class PoisonousCalls {
  readonly #connector: string;
  readonly #warn: Warn;
  /** The oldest first. */
  readonly #marks = new Map<string, Mark>();

  /** @param warn is told of each call that is refused from now on */
  constructor(connector: string, warn: Warn) {
    this.#connector = connector;
    this.#warn = warn;
  }

  /** How many are refused. */
  get refused(): number {
    const now = Date.now();
    return [...this.#marks.values()].filter((mark) => isRefused(mark, now)).length;
  }

  /** Makes a call, unless it is refused. Where none is remembered that costs nothing. */
  make(call: WorkerCall, send: (call: WorkerCall) => Promise<Outcome<string>>): Promise<Outcome<string>> {
    return this.#marks.size === 0 || call.op !== 'execute' ? send(call) : this.#makeWarily(call, send);
  }

  async #makeWarily(call: WorkerCall, send: (call: WorkerCall) => Promise<Outcome<string>>): Promise<Outcome<string>> {
    const key = callKey(culpritOf(call));
    const mark = this.#marks.get(key);
    const now = Date.now();
    if (mark !== undefined && isRefused(mark, now) && call.deadline - now < LONGER * mark.hadMs)
      return { ok: false, error: refusalOf(this.#connector, mark).toEnvelope() };
    const outcome = await send(call);
    if (outcome.ok && mark?.certain === false) this.#marks.delete(key);
    return outcome;
  }

  /** Remembers what ended a worker: the culprit where it is known, else all that may have been it. */
  blame({ reason, culprit }: Cause, suspects: readonly Suspect[]): void {
    const certain = culprit !== undefined || reason === 'killed_after_deadline';
    const weight = suspects.length === 1 ? 1 : DOUBT;
    const now = Date.now();
    for (const suspect of suspects) {
      const key = callKey(suspect);
      const before = this.#marks.get(key);
      const known = before === undefined || before.until <= now ? { crashes: 0, hadMs: 0 } : before;
      const crashes = known.crashes + weight;
      const hadMs = Math.max(known.hadMs, suspect.hadMs ?? Infinity);
      const mark = { ...suspect, certain, hadMs, crashes, reason, until: now + REMEMBERED_MS };
      // Anew at the end: it is the last that would be forgotten.
      this.#marks.delete(key);
      this.#marks.set(key, mark);
      if (isRefused(mark, now)) this.#tell(mark);
    }
    for (const oldest of this.#marks.keys()) {
      if (this.#marks.size <= MOST_REMEMBERED) break;
      this.#marks.delete(oldest);
    }
  }

  #tell({ action, payloadHash, crashes }: Mark): void {
    const what = `action "${action}" is not called with this payload any more, as it ended the worker ${crashes} times`;
    this.#warn(what, { event: 'poisonous_call', action, payload_sha256: payloadHash, crashes });
  }

  clearAll(): void {
    this.#marks.clear();
  }
}

/** The error of a call that is refused. */
function refusalOf(connector: string, { action, crashes, reason, until, payloadHash }: Mark): UnavailableError {
  return new UnavailableError(
    `action "${action}" of connector "${connector}" is not called with this payload any more, as it ended the worker ${crashes} times, the last time by ${reason}; the plugin's author must act. It is let through again at ${new Date(until).toISOString()}, or once the connector was tested`,
    {
      connector,
      retryable: false,
      blame: 'plugin',
      details: { reason: 'poisonous_call', crashes, last: reason, payload_sha256: payloadHash },
    },
  );
}

/**
 * Which calls may have ended a worker. Of a death that it reports, it says itself in which call that happened, if in any; else all that
 * were under way are suspected, unless the host ended it for the sake of one.
 *
 * @param stuck the call for whose sake it had to be killed, and how long that had
 * @param underWay calls that have begun and not ended
 */
export function suspectsOf(
  { reason, culprit, lastBegun }: Cause,
  stuck: { readonly call: ChannelCall; readonly hadMs: number } | undefined,
  underWay: readonly ChannelCall[],
): readonly Suspect[] {
  if (reason === 'killed_after_deadline')
    return stuck?.call.op === 'execute' ? [{ ...culpritOf(stuck.call), hadMs: stuck.hadMs }] : [];
  if (culprit !== undefined) return [culprit];
  if (lastBegun !== undefined || !DOUBTFUL.has(reason)) return [];
  const calls = underWay
    .filter(({ op }) => op === 'execute')
    .map((call) => [`${call.action} ${call.payload}`, call] as const);
  return [...new Map(calls).values()].slice(0, MOST_SUSPECTS).map(culpritOf);
}

/** What a call under way is told of the death: whether it was the one to blame, where that is known. */
export function lostTo(lost: ErrorEnvelope, suspects: readonly Culprit[], call: ChannelCall): ErrorEnvelope {
  const [culprit] = suspects;
  if (culprit === undefined || suspects.length > 1 || call.op !== 'execute') return lost;
  return { ...lost, details: { ...lost.details, culprit: callKey(culprit) === callKey(culpritOf(call)) } };
}

/** What the log is told of a death besides its sentence. */
export function crashFields({ reason, stack }: Cause, suspects: readonly Culprit[]): Readonly<Record<string, string>> {
  const [culprit] = suspects.length === 1 ? suspects : [];
  return {
    reason,
    ...(culprit === undefined ? {} : { action: culprit.action, payload_sha256: culprit.payloadHash }),
    ...(stack === undefined ? {} : { stack }),
  };
}

function isRefused({ crashes, until }: Mark, now: number): boolean {
  return crashes >= MOST_CRASHES && until > now;
}

function callKey({ action, payloadHash }: Culprit): string {
  return `${payloadHash} ${action}`;
}

/** A call as it is remembered. */
function culpritOf({ action, payload }: { readonly action: string; readonly payload: string }): Culprit {
  return { action, payloadHash: createHash('sha256').update(payload).digest('hex') };
}
