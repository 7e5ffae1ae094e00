import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallMessage, Culprit } from '../messages.ts';

type Begun = Pick<CallMessage, 'id' | 'op' | 'action' | 'payload'>;

/** Which call began last, and which one the code belongs to that runs: what a death has to say of calls. */
export class CallTrail {
  readonly #enter: (call: Begun | undefined) => void;
  readonly #current: () => Begun | undefined;
  #last = 0;

  constructor() {
    const calls = new AsyncLocalStorage<Begun | undefined>();
    // Bound now, as a connector may replace the methods.
    this.#enter = calls.enterWith.bind(calls);
    this.#current = calls.getStore.bind(calls);
  }

  /** The id of the call that began last; those after it never did. */
  get last(): number {
    return this.#last;
  }

  /** What runs in this turn from now on, and whatever comes of it, is the call's; entered rather than run, which costs twice as much. */
  begin(call: Begun): void {
    this.#last = call.id;
    this.#enter(call);
  }

  /** What runs in this turn from now on is no call's. */
  leave(): void {
    this.#enter(undefined);
  }

  /** What the code belongs to that runs: a call, or what the host asks for itself. */
  current(): Begun | undefined {
    return this.#current();
  }

  /** The call whose code runs, whether it was answered or not. */
  culprit(): Culprit | undefined {
    const call = this.#current();
    if (call?.op !== 'execute') return undefined;
    // Loaded where a worker ends, which most never do by themselves.
    const { createHash } = process.getBuiltinModule('node:crypto');
    return { action: call.action, payloadHash: createHash('sha256').update(call.payload).digest('hex') };
  }
}
