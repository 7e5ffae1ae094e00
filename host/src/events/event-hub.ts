import type { CallOptions, ConnectorEvent, ConnectorInfo } from '@automate/contract';
import { LONGEST_TIMER_MS, OverloadedError, startPatience, TimeoutError } from '@automate/contract';

/** Events that one slow watcher may leave unread before it is let go. */
const MAX_UNREAD = 10_000;

type Change =
  | { readonly kind: 'added' | 'updated' | 'status' | 'actions_changed'; readonly connector: ConnectorInfo }
  | { readonly kind: 'removed'; readonly id: string };

/** Tells every watcher of every change, each with a revision that only grows. */
export class EventHub {
  readonly #watchers = new Set<Watcher>();
  #revision = 0;
  #closed = false;

  publish(change: Change): void {
    this.#revision += 1;
    const event = { ...change, revision: this.#revision } as ConnectorEvent;
    for (const watcher of this.#watchers) watcher.push(event);
  }

  /**
   * The present state, then `synced`, then changes as they happen. Ends quietly when the signal fires or the hub closes, and with
   * TIMEOUT when its time is over.
   */
  watch(present: readonly ConnectorInfo[], options: CallOptions): AsyncIterable<ConnectorEvent> {
    const revision = this.#revision;
    const watcher = new Watcher([
      ...present.map((connector): ConnectorEvent => ({ kind: 'added', revision, connector })),
      { kind: 'synced', revision },
    ]);
    if (this.#closed) watcher.end();
    else this.#watchers.add(watcher);
    return this.#read(watcher, options);
  }

  close(): void {
    this.#closed = true;
    for (const watcher of this.#watchers) watcher.end();
  }

  async *#read(watcher: Watcher, { timeoutMs = Infinity, signal }: CallOptions): AsyncGenerator<ConnectorEvent> {
    const letGo = startPatience({ deadline: Date.now() + timeoutMs, signal }, (end) =>
      watcher.end(
        end === 'deadline'
          ? new TimeoutError(`the watch ended after ${timeoutMs} ms, as its caller wished`)
          : undefined,
      ),
    );
    try {
      for (;;) {
        const event = await watcher.next();
        if (event === undefined) return;
        yield event;
      }
    } finally {
      letGo();
      this.#watchers.delete(watcher);
    }
  }
}

class Watcher {
  #unread: ConnectorEvent[];
  #wake: (() => void) | undefined;
  #ended = false;
  #failure: Error | undefined;

  constructor(first: ConnectorEvent[]) {
    this.#unread = first;
  }

  push(event: ConnectorEvent): void {
    if (this.#ended) return;
    this.#unread.push(event);
    if (this.#unread.length > MAX_UNREAD) {
      this.#unread = [];
      this.end(
        new OverloadedError(`the watcher left more than ${MAX_UNREAD} events unread: read faster, and watch again`),
      );
    }
    this.#wake?.();
  }

  /** No more events, and an error after those that are unread. The first end counts. */
  end(failure?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#wake?.();
  }

  async next(): Promise<ConnectorEvent | undefined> {
    while (this.#unread.length === 0 && !this.#ended) {
      // A pending watch keeps the program alive, as an open connection would.
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
