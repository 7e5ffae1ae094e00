// Long, as every step of a call's way through its phases is made in one place.
import type { CallProgress, ErrorEnvelope, Outcome } from '@automate/contract';
import { MAX_PAYLOAD_BYTES } from '@automate/contract';
import type { LogReceipt } from '@automate/sdk';
import { BatchWriter } from './batch-writer.ts';
import { cancelled, late, describeCall, tooLong } from './call-errors.ts';
import type { DeadlineSweeper, Sweepable } from './deadline-sweeper.ts';
import type { Cause } from './death.ts';
import type { ChannelCall, HeldCall } from './held-calls.ts';
import { HeldCalls } from './held-calls.ts';
import { isLongerThan } from './is-longer-than.ts';
import type { OpenBatch } from './messages.ts';
import { natives } from './worker/natives.ts';
import { putCall, putCancel, putEnd, putReceipt } from './messages.ts';
import type { Suspect } from './poisonous-calls.ts';
import { lostTo, suspectsOf } from './poisonous-calls.ts';

/** Roughly, on the port. */
const RECEIPT_BYTES = 16;
/** Milliseconds after its deadline at which a call is answered at the latest, whether or not its worker has reacted to that. */
const TELL_MS = 50;

export interface ChannelOptions {
  readonly id: string;
  readonly sweeper: DeadlineSweeper;
  /** Milliseconds for the worker to acknowledge a cancellation. */
  readonly ackMs: number;
  /** Milliseconds for a cancelled call to end after that. */
  readonly graceMs: number;
  /** As the worker's specification has it. */
  readonly heldForMs: (() => number) | undefined;
  post(batch: OpenBatch): void;
  /** A result as it may leave the host. */
  scrub(text: string): string;
  /** Calls wait, or none do any more. */
  hold(): void;
  release(): void;
  /** The worker does not react, or a call does not end: it has to be killed. */
  onStuck(message: string): void;
}

/**
 * `open`: the caller waits. `left`: the caller gave up, the call may run until its deadline. `asked`: the deadline has
 * passed and the worker was told. `acknowledged`: the worker lives, the call has its grace.
 */
type Phase = 'open' | 'left' | 'asked' | 'acknowledged';

interface Pending {
  readonly id: number;
  readonly call: ChannelCall;
  readonly sentAt: number;
  readonly settle: (outcome: Outcome<string>) => void;
  /** Whether its caller was told nothing yet. */
  waits: boolean;
  onAbort: (() => void) | undefined;
  phase: Phase;
  /** When the worker was told that its time is over, in milliseconds since the epoch. */
  askedAt: number;
  /** When the phase has to end. */
  due: number;
}

/**
 * The host's side of one worker's port: calls multiplexed over it, answered exactly once, each at its deadline at the latest, once the
 * worker has reacted to that or has not for 50 ms: a worker that turns waited for another, one that does not is stuck in its own code.
 */
export class Channel implements Sweepable {
  readonly #options: ChannelOptions;
  readonly #writer: BatchWriter;
  readonly #pending = new Map<number, Pending>();
  readonly #held: HeldCalls;
  #lastId = 0;
  /** Of the calls that have left. */
  #lastPosted = 0;
  /** Calls past their deadline that have not ended: until they do, others wait rather than die with the worker. */
  #suspects = 0;
  /** The call for whose sake the worker has to be killed, and how long it had, in milliseconds. */
  #stuck: { readonly call: ChannelCall; readonly hadMs: number } | undefined;
  #holding = false;
  #onDrained: (() => void) | undefined;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.#writer = new BatchWriter({
      post: (batch) => {
        const leftMs = options.heldForMs?.() ?? Infinity;
        putEnd(batch, leftMs === Infinity ? 0 : natives.monotonic() + leftMs);
        putEnd(batch, Date.now());
        this.#lastPosted = this.#lastId;
        options.post(batch);
      },
      defer: (flush) => void setImmediate(flush),
    });
    this.#held = new HeldCalls(options.id);
    options.sweeper.add(this);
  }

  /** Calls sent or held and not yet answered. */
  get pending(): number {
    return this.#pending.size + this.#held.size;
  }

  call(call: ChannelCall): Promise<Outcome<string>> {
    return new Promise((settle) => {
      if (call.signal?.aborted === true) settle(failure(cancelled(this.#options.id, 'before it was sent', 'none')));
      else if (this.#suspects > 0) this.#hold({ call, settle });
      else this.#send(call, settle);
    });
  }

  /** Resolves when nothing is pending any more, or after `withinMs`. */
  drained(withinMs: number): Promise<void> {
    if (this.#pending.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#onDrained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Asks for a sign of life; it comes as an acknowledgement of call 0. */
  ping(): void {
    putCancel(this.#writer.batch, 0, 'caller');
    this.#writer.flush();
  }

  /** Tells what became of a record. */
  receipt(id: number, receipt: LogReceipt): void {
    putReceipt(this.#writer.batch, id, receipt);
    this.#writer.wrote(RECEIPT_BYTES);
  }

  onResult(id: number, text: string): boolean {
    const pending = this.#pending.get(id);
    if (pending === undefined) return false;
    this.#remove(pending);
    this.#tellLate(pending, false);
    if (!pending.waits) return true;
    pending.settle(
      isLongerThan(text, MAX_PAYLOAD_BYTES)
        ? failure(tooLong(this.#options.id, pending.call))
        : { ok: true, value: this.#options.scrub(text) },
    );
    return true;
  }

  onFailure(id: number, error: ErrorEnvelope): boolean {
    const pending = this.#pending.get(id);
    if (pending === undefined) return false;
    this.#remove(pending);
    this.#tellLate(pending, false);
    if (pending.waits) pending.settle(failure(error));
    return true;
  }

  /** Tells whoever waits for a call how far it is. False for a call that was never made. */
  onProgress(id: number, now: CallProgress): boolean {
    const pending = this.#pending.get(id);
    if (pending?.phase === 'open') pending.call.onProgress?.(now);
    return id <= this.#lastId;
  }

  /** False for a call that nobody cancelled. */
  onAcknowledged(id: number): boolean {
    const pending = this.#pending.get(id);
    if (pending?.phase === 'asked') {
      this.#tellLate(pending, false);
      pending.phase = 'acknowledged';
      pending.due = Date.now() + this.#options.graceMs;
      this.#options.sweeper.wakeBy(pending.due);
    }
    // The call has been settled meanwhile: its acknowledgement is right as long as such a call was made.
    return id >= 0 && id <= this.#lastId;
  }

  /**
   * The worker is gone. Answers what may have begun with `lost`, gives back what certainly has not, and says which calls may have ended
   * the worker.
   */
  close(
    lost: ErrorEnvelope,
    cause: Cause,
  ): { readonly unsent: readonly HeldCall[]; readonly suspects: readonly Suspect[] } {
    this.#options.sweeper.remove(this);
    const unsent = [...this.#held.takeAll()];
    const lastBegun = Math.min(cause.lastBegun ?? Infinity, this.#lastPosted);
    const begun = [...this.#pending.values()].filter(({ id, call, phase, settle }) => {
      const isUnsent = id > lastBegun && call.op === 'execute' && phase === 'open';
      if (isUnsent) unsent.push({ call, settle });
      return !isUnsent;
    });
    const calls = begun.map(({ call }) => call);
    const suspects = suspectsOf(cause, this.#stuck, calls);
    for (const pending of [...this.#pending.values()]) this.#remove(pending);
    for (const { call, waits, settle } of begun) if (waits) settle(failure(lostTo(lost, suspects, call)));
    return { unsent, suspects };
  }

  sweep(now: number): number {
    let next = this.#held.sweep(now);
    for (const pending of this.#pending.values()) {
      if (pending.due <= now) this.#due(pending, now);
      next = Math.min(next, pending.due);
    }
    return next;
  }

  #send(call: ChannelCall, settle: (outcome: Outcome<string>) => void): void {
    const id = (this.#lastId += 1);
    const { op, action, payload, deadline, signal } = call;
    const pending: Pending = {
      id,
      call,
      sentAt: Date.now(),
      settle,
      waits: true,
      onAbort: undefined,
      phase: 'open',
      askedAt: 0,
      due: deadline,
    };
    this.#pending.set(id, pending);
    this.#balance();
    if (signal !== undefined) {
      pending.onAbort = () => this.#leave(pending);
      signal.addEventListener('abort', pending.onAbort, { once: true });
    }
    const extras = extrasOf(call);
    putCall(this.#writer.batch, { id, op, action, payload, deadline }, extras);
    // The only pending call is sent at once: there is nothing else to batch it with.
    if (this.#pending.size === 1) this.#writer.flush();
    else this.#writer.wrote(payload.length + extras.length + 64);
    this.#options.sweeper.wakeBy(deadline);
  }

  #hold(held: HeldCall): void {
    this.#held.add(held);
    this.#options.sweeper.wakeBy(held.call.deadline);
  }

  /** The caller gave up: answered at once. What runs may go on until the deadline, as the remote system may have acted anyway. */
  #leave(pending: Pending): void {
    if (pending.phase !== 'open') return;
    pending.phase = 'left';
    pending.waits = false;
    pending.settle(failure(cancelled(this.#options.id, 'while it ran', 'maybe')));
    this.#cancel(pending, 'caller');
  }

  #due(pending: Pending, now: number): void {
    switch (pending.phase) {
      case 'open':
      case 'left':
        pending.phase = 'asked';
        pending.askedAt = now;
        pending.due = now + Math.min(TELL_MS, this.#options.ackMs);
        this.#suspects += 1;
        this.#cancel(pending, 'deadline');
        break;
      case 'asked':
        // Where this process itself was busy, the acknowledgement may not have been read yet: look again after the next turn.
        pending.due = Infinity;
        setImmediate(() => {
          if (pending.phase === 'asked' && this.#pending.has(pending.id)) this.#doesNotReact(pending);
        });
        break;
      case 'acknowledged':
        pending.due = Infinity;
        this.#declareStuck(pending, `did not end within ${this.#options.graceMs} ms of being cancelled`);
        break;
      default:
        pending.phase satisfies never;
    }
  }

  /** Past its deadline. A worker that turns waited for something else; one that does not, for nobody but its own code. */
  #tellLate(pending: Pending, stuck: boolean): void {
    if (pending.phase !== 'asked' || !pending.waits) return;
    pending.waits = false;
    pending.settle(failure(late(this.#options.id, pending.call, { afterMs: Date.now() - pending.sentAt, stuck })));
  }

  #doesNotReact(pending: Pending): void {
    const { ackMs, sweeper } = this.#options;
    this.#tellLate(pending, true);
    const ackDue = pending.askedAt + ackMs;
    if (Date.now() >= ackDue) return this.#declareStuck(pending, `did not react within ${ackMs} ms`);
    pending.due = ackDue;
    sweeper.wakeBy(ackDue);
  }

  #declareStuck(pending: Pending, what: string): void {
    for (const each of this.#pending.values()) this.#tellLate(each, true);
    if (this.#stuck !== undefined) return;
    this.#stuck = { call: pending.call, hadMs: pending.call.deadline - pending.sentAt };
    this.#options.onStuck(`${describeCall(pending.call)} passed its deadline and ${what}`);
  }

  #cancel(pending: Pending, reason: 'deadline' | 'caller'): void {
    putCancel(this.#writer.batch, pending.id, reason);
    this.#writer.flush();
  }

  #remove(pending: Pending): void {
    this.#pending.delete(pending.id);
    if (pending.onAbort !== undefined) pending.call.signal?.removeEventListener('abort', pending.onAbort);
    if (pending.phase === 'asked' || pending.phase === 'acknowledged') {
      this.#suspects -= 1;
      if (this.#suspects === 0) for (const { call, settle } of this.#held.takeAll()) this.#send(call, settle);
    }
    this.#balance();
  }

  /** Holds the process while answers are due, and only then. */
  #balance(): void {
    const wanted = this.#pending.size > 0;
    if (wanted === this.#holding) return;
    this.#holding = wanted;
    if (wanted) {
      this.#options.hold();
    } else {
      this.#options.release();
      this.#onDrained?.();
    }
  }
}

function extrasOf({ idempotencyKey, repeated, traceparent, tracestate, onProgress }: ChannelCall): string {
  if ((idempotencyKey ?? repeated ?? traceparent ?? tracestate ?? onProgress) === undefined) return '';
  return JSON.stringify({ idempotencyKey, repeated, traceparent, tracestate, progress: onProgress && true });
}

const failure = (error: ErrorEnvelope): Outcome<string> => ({ ok: false, error });
