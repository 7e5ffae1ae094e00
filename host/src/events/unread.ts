import type { CallOptions } from '@automate/contract';
import { LONGEST_TIMER_MS, startPatience, TimeoutError } from '@automate/contract';

export interface UnreadOptions<Event> {
  readonly first: Event[];
  /** Most events that may wait to be read. */
  readonly most: number;
  /** Called with more: gives those that are still to be read, or the error after which none is. */
  relieve(unread: Event[]): Event[] | Error;
}

/** Events that wait until one reader has taken them, at its pace and within a bound. */
export class Unread<Event> {
  readonly #options: UnreadOptions<Event>;
  #unread: Event[];
  #wake: (() => void) | undefined;
  #ended = false;
  #failure: Error | undefined;

  constructor(options: UnreadOptions<Event>) {
    this.#options = options;
    this.#unread = options.first;
  }

  push(event: Event): void {
    if (this.#ended) return;
    this.#unread.push(event);
    if (this.#unread.length > this.#options.most) {
      const left = this.#options.relieve(this.#unread);
      if (left instanceof Error) this.letGo(left);
      else this.#unread = left;
    }
    this.#wake?.();
  }

  /** No more events, and none of those that are unread, but this error. */
  letGo(failure: Error): void {
    this.#unread = [];
    this.end(failure);
  }

  /** No more events, and an error after those that are unread. The first end counts. */
  end(failure?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#wake?.();
  }

  /** All events, until they end or the reader's signal fires; TIMEOUT when its time is over. `what` names it: "the watch". */
  async *read({ timeoutMs = Infinity, signal }: CallOptions, what: string): AsyncGenerator<Event, void> {
    const letGo = startPatience({ deadline: Date.now() + timeoutMs, signal }, (end) =>
      this.end(
        end === 'deadline' ? new TimeoutError(`${what} ended after ${timeoutMs} ms, as its caller wished`) : undefined,
      ),
    );
    try {
      for (;;) {
        const event = await this.#next();
        if (event === undefined) return;
        yield event;
      }
    } finally {
      letGo();
      this.end();
    }
  }

  async #next(): Promise<Event | undefined> {
    while (this.#unread.length === 0 && !this.#ended) {
      // Who waits for events keeps the program alive, as an open connection would.
      const hold = setInterval(() => undefined, LONGEST_TIMER_MS);
      await new Promise<void>((resolve) => (this.#wake = resolve));
      clearInterval(hold);
      this.#wake = undefined;
    }
    const event = this.#unread.shift();
    if (event === undefined && this.#failure !== undefined) throw this.#failure;
    return event;
  }
}
