import type { CallProgress, ConnectorError } from '@automate/contract';
import { CancelledError, clipText, TimeoutError, UnavailableError } from '@automate/contract';
import { describeCall } from '../call-errors.ts';
import type { Batch, CancelReason, ToWorker } from '../messages.ts';
import { readToWorker } from '../messages.ts';
import type { AdapterRunner } from './adapter-runner.ts';
import type { CallTrail } from './call-trail.ts';
import { boundedEncode } from './bounded-encode.ts';
import { encodeFailure, failureOf, logFailure } from './failure.ts';
import type { Line } from './line.ts';
import type { LogWriter } from './log-writer.ts';
import { natives } from './natives.ts';
import type { NetworkGate } from './network/network-gate.ts';
import type { Uplink } from './uplink.ts';

/** A call that waited so long found this thread busy: a cancellation may be waiting behind it. */
const STALE_MS = 5;

/** How long after a report of how far a call is the next may come, in milliseconds. */
const PROGRESS_MS = 10;
/** Characters of such a report. */
const PROGRESS_LENGTH = 500;

type Call = Extract<ToWorker, { kind: 'call' }>;

/** What can still happen to a call while it runs. A literal, not a class: it is made for every call. */
interface Running {
  cancelled: CancelReason | undefined;
  controller: AbortController | undefined;
}

/** Takes calls from the host, sees to it that none runs too late, and answers each exactly once. */
export class CallRunner {
  readonly #runner: AdapterRunner;
  readonly #uplink: Uplink;
  readonly #log: LogWriter;
  readonly #trail: CallTrail;
  readonly #network: NetworkGate | undefined;
  readonly #running = new Map<number, Running>();
  /** Until when the host holds the connector, as it said last; 0: for ever. */
  #heldUntil = 0;
  /** What was cancelled among the messages that are being taken. */
  readonly #cancelled = new Map<number, CancelReason>();

  constructor(options: {
    readonly runner: AdapterRunner;
    readonly uplink: Uplink;
    readonly log: LogWriter;
    readonly trail: CallTrail;
    readonly network: NetworkGate | undefined;
  }) {
    this.#runner = options.runner;
    this.#uplink = options.uplink;
    this.#log = options.log;
    this.#trail = options.trail;
    this.#network = options.network;
  }

  /** Takes calls from now on. */
  listen(line: Line): void {
    line.listen((batch) => {
      let lookedAt = batch.pop() as number;
      this.#heldUntil = batch.pop() as number;
      const messages = this.#hear(batch);
      // Grows on the way.
      for (const message of messages) {
        if (message.kind !== 'call') continue;
        // A call that the host cancelled while this thread was busy must not be run first and cancelled afterwards.
        if (natives.now() - lookedAt > STALE_MS) {
          this.#trail.leave();
          for (let later = line.receive(); later !== undefined; later = line.receive()) {
            later.pop();
            this.#heldUntil = later.pop() as number;
            messages.push(...this.#hear(later));
          }
          lookedAt = natives.now();
        }
        const reason = this.#cancelled.get(message.id);
        if (reason === undefined) void this.#run(message);
        else this.#fail(message.id, neverRan(reason));
      }
      this.#cancelled.clear();
      this.#trail.leave();
    });
  }

  /** Reads a batch, and does what does not wait for its turn. */
  #hear(batch: Batch): ToWorker[] {
    const messages = readToWorker(batch, natives.parse);
    for (const message of messages) {
      if (message.kind === 'receipt') this.#log.receipt(message.id, message.receipt);
      if (message.kind !== 'cancel') continue;
      this.#cancel(message.id, message.reason);
      this.#cancelled.set(message.id, message.reason);
    }
    return messages;
  }

  async #run(call: Call): Promise<void> {
    if (call.deadline <= natives.now()) {
      this.#fail(call.id, neverRan('deadline'));
      return;
    }
    // All of this machine may have stood still since the host looked. What takes a connector's place is tried out wherever it is to run.
    const isCalled = call.op === 'execute' || call.op === 'webhook';
    if (this.#heldUntil !== 0 && isCalled && natives.monotonic() >= this.#heldUntil) {
      this.#fail(call.id, heldNoMore());
      return;
    }
    const running: Running = { cancelled: undefined, controller: undefined };
    this.#running.set(call.id, running);
    try {
      this.#trail.begin(call);
      const text = boundedEncode(await this.#runner.perform(call, () => signalOf(running), this.#progressOf(call)));
      this.#uplink.result(call.id, text, this.#running.size === 1);
    } catch (thrown) {
      this.#report(call, thrown, running.cancelled !== undefined);
    }
    this.#running.delete(call.id);
  }

  /** What tells how far a call is, where somebody wants to know. */
  #progressOf({ id, extras }: Call): ((now: CallProgress) => void) | undefined {
    if (extras?.progress !== true) return undefined;
    let toldAt = -Infinity;
    return ({ progress, total, message = '' }) => {
      const at = natives.now();
      if (at - toldAt < PROGRESS_MS || !this.#running.has(id)) return;
      if (!Number.isFinite(progress) || (total !== undefined && !Number.isFinite(total))) return;
      toldAt = at;
      const words = clipText(String(message), PROGRESS_LENGTH);
      this.#uplink.sendNow({
        kind: 'progress',
        id,
        now: { progress, ...(total === undefined ? {} : { total }), message: words },
      });
    };
  }

  #report(call: Call, thrown: unknown, left: boolean): void {
    const { adapter } = this.#runner;
    this.#network?.explain(thrown);
    const error = failureOf(call.op, thrown, { adapter, left, refusal: this.#network?.refusedIn(call) });
    this.#fail(call.id, error);
    logFailure(this.#log, call.op, { said: `${describeCall(call)} failed`, error, thrown });
  }

  #fail(id: number, error: ConnectorError): void {
    const text = encodeFailure(error, this.#runner.adapter);
    this.#uplink.send({ kind: 'failure', id, error: text }, text.length);
  }

  #cancel(id: number, reason: CancelReason): void {
    // First of all, so that the host knows that this thread is not stuck, whatever the connector does with the signal.
    this.#uplink.sendNow({ kind: 'acknowledged', id });
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.cancelled = reason;
    running.controller?.abort(reasonFor(reason));
  }
}

function signalOf(running: Running): AbortSignal {
  running.controller ??= new AbortController();
  if (running.cancelled !== undefined) running.controller.abort(reasonFor(running.cancelled));
  return running.controller.signal;
}

function reasonFor(reason: CancelReason): ConnectorError {
  return reason === 'deadline'
    ? new TimeoutError('the deadline of the call passed')
    : new CancelledError('the caller gave up');
}

function heldNoMore(): ConnectorError {
  return new UnavailableError('this host held the connector no more when the call was to begin: ask again', {
    effect: 'none',
    details: { reason: 'moved' },
  });
}

function neverRan(reason: CancelReason): ConnectorError {
  return reason === 'deadline'
    ? new TimeoutError('the deadline passed before the call could begin', { effect: 'none' })
    : new CancelledError('the caller gave up before the call could begin', { effect: 'none' });
}
