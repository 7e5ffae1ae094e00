import { RateLimitedError } from '@automate/contract';

/** Requests of one sender for one connector, for one connector, and of all, that may be under way at a time. */
const MOST = { ofSender: 4, ofConnector: 16, ofAll: 64 } as const;
/** How many may wait besides, and how long, in milliseconds. */
const MOST_WAITING = 256;
const PATIENCE_MS = 2_000;

interface Waiting {
  readonly keys: readonly string[];
  enter(leave: (() => void) | undefined): void;
}

/**
 * Bounds how many webhooks are taken at a time. Who sends them has shown nothing yet, so that one sender, or one connector's senders, leave
 * places for others; whether there is a connector of that name makes no difference.
 */
export class HookPlaces {
  readonly #taken = new Map<string, number>();
  readonly #waiting = new Set<Waiting>();

  /** Resolves with what must be called when it is over. Rejects with RATE_LIMITED where too many are before it. */
  async enter(sender: string, connector: string): Promise<() => void> {
    const keys = ['all', `connector ${connector}`, `sender ${sender} ${connector}`];
    if (this.#hasRoom(keys)) return this.#take(keys);
    const leave = this.#waiting.size < MOST_WAITING ? await this.#wait(keys) : undefined;
    if (leave !== undefined) return leave;
    throw new RateLimitedError('too many webhooks come at a time: send it again', {
      blame: 'caller',
      retryAfterMs: PATIENCE_MS,
      details: { reason: 'caller_limit' },
    });
  }

  #wait(keys: readonly string[]): Promise<(() => void) | undefined> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        keys,
        enter: (leave) => {
          clearTimeout(timer);
          this.#waiting.delete(waiting);
          resolve(leave);
        },
      };
      const timer = setTimeout(() => waiting.enter(undefined), PATIENCE_MS).unref();
      this.#waiting.add(waiting);
    });
  }

  #hasRoom([all = '', connector = '', sender = '']: readonly string[]): boolean {
    const taken = (key: string): number => this.#taken.get(key) ?? 0;
    return taken(all) < MOST.ofAll && taken(connector) < MOST.ofConnector && taken(sender) < MOST.ofSender;
  }

  #take(keys: readonly string[]): () => void {
    for (const key of keys) this.#taken.set(key, (this.#taken.get(key) ?? 0) + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      for (const key of keys) {
        const now = (this.#taken.get(key) ?? 1) - 1;
        if (now === 0) this.#taken.delete(key);
        else this.#taken.set(key, now);
      }
      for (const waiting of this.#waiting) if (this.#hasRoom(waiting.keys)) waiting.enter(this.#take(waiting.keys));
    };
  }
}
