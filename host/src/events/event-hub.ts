import type { CallOptions, ConnectorEvent, ConnectorInfo } from '@automate/contract';
import { OverloadedError } from '@automate/contract';
import { Unread } from './unread.ts';

/** Events that one slow watcher may leave unread before it is let go. */
const MAX_UNREAD = 10_000;

type Change =
  | { readonly kind: 'added' | 'updated' | 'status' | 'actions_changed'; readonly connector: ConnectorInfo }
  | { readonly kind: 'removed'; readonly id: string };

/** Tells every watcher of every change, each with a revision that only grows. */
export class EventHub {
  readonly #watchers = new Set<Unread<ConnectorEvent>>();
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
    const watcher = new Unread<ConnectorEvent>({
      first: [
        ...present.map((connector): ConnectorEvent => ({ kind: 'added', revision, connector })),
        { kind: 'synced', revision },
      ],
      most: MAX_UNREAD,
      relieve: () =>
        new OverloadedError(`the watcher left more than ${MAX_UNREAD} events unread: read faster, and watch again`),
    });
    if (this.#closed) watcher.end();
    else this.#watchers.add(watcher);
    return this.#read(watcher, options);
  }

  close(): void {
    this.#closed = true;
    for (const watcher of this.#watchers) watcher.end();
  }

  async *#read(watcher: Unread<ConnectorEvent>, options: CallOptions): AsyncGenerator<ConnectorEvent, void> {
    try {
      yield* watcher.read(options, 'the watch');
    } finally {
      this.#watchers.delete(watcher);
    }
  }
}
