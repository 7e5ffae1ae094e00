import type { CallOptions, ConnectorEvent, ConnectorInfo, WebhookDelivery } from '@automate/contract';
import { OverloadedError } from '@automate/contract';
import { Unread } from './unread.ts';

/** Events that one slow watcher may leave unread before it is let go. */
const MAX_UNREAD = 10_000;
/** Characters that webhooks may have among them, of which one alone may have more than thousands of others. */
const MAX_UNREAD_WEBHOOKS = 32 * 1024 * 1024;

type Change =
  | { readonly kind: 'added' | 'updated' | 'status' | 'actions_changed'; readonly connector: ConnectorInfo }
  | { readonly kind: 'removed'; readonly id: string }
  | { readonly kind: 'webhook'; readonly id: string; readonly delivery: WebhookDelivery };

/** Tells every watcher of every change, each with a revision that only grows. */
export class EventHub {
  /** With the characters of the webhooks that each has left unread. */
  readonly #watchers = new Map<Unread<ConnectorEvent>, number>();
  readonly #sizes = new WeakMap<ConnectorEvent, number>();
  #revision = 0;
  #closed = false;

  /** @param size characters of it, of what may be large */
  publish(change: Change, size = 0): void {
    this.#revision += 1;
    const event = { ...change, revision: this.#revision } as ConnectorEvent;
    if (size > 0) this.#sizes.set(event, size);
    for (const [watcher, unread] of this.#watchers) {
      watcher.push(event);
      if (size === 0) continue;
      this.#watchers.set(watcher, unread + size);
      if (unread + size > MAX_UNREAD_WEBHOOKS)
        watcher.letGo(overloaded(`webhooks of ${MAX_UNREAD_WEBHOOKS} characters`));
    }
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
      relieve: () => overloaded(`${MAX_UNREAD} events`),
    });
    if (this.#closed) watcher.end();
    else this.#watchers.set(watcher, 0);
    return this.#read(watcher, options);
  }

  close(): void {
    this.#closed = true;
    for (const watcher of this.#watchers.keys()) watcher.end();
  }

  async *#read(watcher: Unread<ConnectorEvent>, options: CallOptions): AsyncGenerator<ConnectorEvent, void> {
    try {
      for await (const event of watcher.read(options, 'the watch')) {
        const size = this.#sizes.get(event) ?? 0;
        if (size > 0) this.#watchers.set(watcher, (this.#watchers.get(watcher) ?? 0) - size);
        yield event;
      }
    } finally {
      this.#watchers.delete(watcher);
    }
  }
}

function overloaded(most: string): OverloadedError {
  return new OverloadedError(`the watcher left more than ${most} unread: read faster, and watch again`);
}
