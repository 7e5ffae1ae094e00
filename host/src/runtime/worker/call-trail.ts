import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallMessage, Culprit } from '../messages.ts';

type Begun = Pick<CallMessage, 'id' | 'op' | 'action' | 'payload'>;

/** Which call began last, and which one the code belongs to that runs: what a death has to say of calls. */
export class CallTrail {
  readonly #run: <Result>(call: Begun, work: () => Result) => Result;
  readonly #current: () => Begun | undefined;
  #last = 0;

  constructor() {
    const calls = new AsyncLocalStorage<Begun>();
    // Bound now, as a connector may replace the methods.
    this.#run = calls.run.bind(calls);
    this.#current = calls.getStore.bind(calls);
  }

  /** The id of the call that began last; those after it never did. */
  get last(): number {
    return this.#last;
  }

  begin<Result>(call: Begun, work: () => Result): Result {
    this.#last = call.id;
    return call.op === 'execute' ? this.#run(call, work) : work();
  }

  /** The call whose code runs, whether it was answered or not. */
  culprit(): Culprit | undefined {
    const call = this.#current();
    if (call === undefined) return undefined;
    // Loaded where a worker ends, which most never do by themselves.
    const { createHash } = process.getBuiltinModule('node:crypto');
    return { action: call.action, payloadHash: createHash('sha256').update(call.payload).digest('hex') };
  }
}
