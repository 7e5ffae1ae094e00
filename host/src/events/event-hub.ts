import type { ConnectorEvent, ConnectorInfo } from '@automate/contract';
import { LONGEST_TIMER_MS, OverloadedError } from '@automate/contract';

/** Events that one slow watcher may leave unread before it is let go. */
const MAX_UNREAD = 10_000;

type Change =
  | { readonly kind: 'added' | 'updated' | 'status'; readonly connector: ConnectorInfo }
  | { readonly kind: 'removed'; readonly id: string };

/** Tells every watcher of every change, each with a revision that only grows. */
export class EventHub {
  readonly #watchers = new Set<Watcher>();
  #revision = 0;
  #closed = false;

  get watched(): boolean {
    return this.#watchers.size > 0;
  }

  publish(change: Change): void {
    this.#revision += 1;
    const event = { ...change, revision: this.#revision } as ConnectorEvent;
    for (const watcher of this.#watchers) watcher.push(event);
  }

  /** The present state, then `synced`, then changes as they happen. Ends quietly when the signal fires or the hub closes. */
  watch(present: readonly ConnectorInfo[], signal: AbortSignal | undefined): AsyncIterable<ConnectorEvent> {
    const revision = this.#revision;
    const watcher = new Watcher([
      ...present.map((connector): ConnectorEvent => ({ kind: 'added', revision, connector })),
      { kind: 'synced', revision },
    ]);
    if (this.#closed || signal?.aborted === true) watcher.end();
    else this.#watchers.add(watcher);
    return this.#read(watcher, signal);
  }

  close(): void {
    this.#closed = true;
    for (const watcher of this.#watchers) watcher.end();
  }

  async *#read(watcher: Watcher, signal: AbortSignal | undefined): AsyncGenerator<ConnectorEvent> {
    const end = (): void => watcher.end();
    signal?.addEventListener('abort', end, { once: true });
    try {
      for (;;) {
        const event = await watcher.next();
        if (event === undefined) return;
        yield event;
      }
    } finally {
      signal?.removeEventListener('abort', end);
      this.#watchers.delete(watcher);
    }
  }
}

class Watcher {
  #unread: ConnectorEvent[];
  #wake: (() => void) | undefined;
  #ended = false;
  #overrun = false;

  constructor(first: ConnectorEvent[]) {
    this.#unread = first;
  }

  push(event: ConnectorEvent): void {
    if (this.#ended) return;
    this.#unread.push(event);
    if (this.#unread.length > MAX_UNREAD) {
      this.#overrun = true;
      this.#unread = [];
      this.#ended = true;
    }
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async next(): Promise<ConnectorEvent | undefined> {
    while (this.#unread.length === 0 && !this.#ended) {
      // Whoever watches waits for something, as over a connection, and a program must not end over it.
      const hold = setInterval(() => undefined, LONGEST_TIMER_MS);
      await new Promise<void>((resolve) => (this.#wake = resolve));
      clearInterval(hold);
      this.#wake = undefined;
    }
    if (this.#overrun) {
      throw new OverloadedError(`the watcher left more than ${MAX_UNREAD} events unread: read faster, and watch again`);
    }
    return this.#unread.shift();
  }
}
