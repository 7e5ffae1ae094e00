import type { Outcome } from '@automate/contract';
import { cancelled, heldTooLong } from './call-errors.ts';
import type { ChannelOp } from './messages.ts';
import type { WorkerCall } from './runtime.ts';

/** A call on its way into a worker. */
export interface ChannelCall extends Omit<WorkerCall, 'op'> {
  readonly op: ChannelOp;
}

/** A call that was never sent, or that the worker never began. */
export interface HeldCall {
  readonly call: ChannelCall;
  readonly settle: (outcome: Outcome<string>) => void;
}

interface Held extends HeldCall {
  readonly forget: () => void;
}

/** Calls that wait until a worker under suspicion has either answered or died. They keep their deadlines and may be given up. */
export class HeldCalls {
  readonly #connector: string;
  readonly #held = new Set<Held>();

  constructor(connector: string) {
    this.#connector = connector;
  }

  get size(): number {
    return this.#held.size;
  }

  add({ call, settle }: HeldCall): void {
    const onAbort = (): void => {
      this.#held.delete(held);
      settle({ ok: false, error: cancelled(this.#connector, 'before it was sent', 'none') });
    };
    const held: Held = { call, settle, forget: () => call.signal?.removeEventListener('abort', onAbort) };
    call.signal?.addEventListener('abort', onAbort, { once: true });
    this.#held.add(held);
  }

  /** Gives them all back; none is held any more. */
  takeAll(): readonly HeldCall[] {
    const all = [...this.#held];
    this.#held.clear();
    for (const { forget } of all) forget();
    return all;
  }

  /** Answers those whose deadline has passed and says when to look again. */
  sweep(now: number): number {
    let next = Infinity;
    for (const held of this.#held) {
      if (held.call.deadline > now) {
        next = Math.min(next, held.call.deadline);
        continue;
      }
      this.#held.delete(held);
      held.forget();
      held.settle({ ok: false, error: heldTooLong(this.#connector, held.call) });
    }
    return next;
  }
}
