import { RateLimitedError } from '@automate/contract';

/** Requests that may be under way at a time: of one sender for one connector, for one connector, of one sender, and of all. */
const MOST = { ofSenderThere: 4, ofConnector: 16, ofSender: 32, ofAll: 64 } as const;
/** How many may wait besides, of all and of one sender, and how long, in milliseconds. */
const MOST_WAITING = { ofAll: 256, ofSender: 64 } as const;
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
    const keys = ['all', `sender ${sender}`, `connector ${connector}`, `sender ${sender} ${connector}`];
    if (this.#hasRoom(keys)) return this.#take(keys);
    const leave = this.#mayWait(sender) ? await this.#wait(keys) : undefined;
    if (leave !== undefined) return leave;
    throw new RateLimitedError('too many webhooks come at a time: send it again', {
      blame: 'caller',
      retryAfterMs: PATIENCE_MS,
      details: { reason: 'caller_limit' },
    });
  }

  /** One sender alone does not keep all others from waiting. */
  #mayWait(sender: string): boolean {
    if (this.#waiting.size >= MOST_WAITING.ofAll) return false;
    const ofSender = [...this.#waiting].filter(({ keys: [, each] }) => each === `sender ${sender}`);
    return ofSender.length < MOST_WAITING.ofSender;
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

  #hasRoom(keys: readonly string[]): boolean {
    const most = [MOST.ofAll, MOST.ofSender, MOST.ofConnector, MOST.ofSenderThere];
    return keys.every((key, index) => (this.#taken.get(key) ?? 0) < (most[index] ?? 0));
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
