import type { LimitsConfig, RateConfig } from '@automate/contract';
import { CancelledError, RateLimitedError, startPatience, TimeoutError } from '@automate/contract';
import type { Gate } from './gate.ts';

/** Who waits for a token, and how long at most. */
interface Waiting {
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
}

/** A token bucket: so many calls in a time, at once or one after the other. Who comes too early waits in line. */
class Bucket {
  readonly name: string;
  readonly #most: number;
  /** Milliseconds until there is another token. */
  readonly #everyMs: number;
  /** Admits each, in the order in which they came. */
  readonly #waiting = new Set<() => void>();
  #tokens: number;
  /** By `performance.now()`, which nobody sets back. */
  #filledAt = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(name: string, { requests, perMs }: RateConfig) {
    this.name = name;
    this.#most = requests;
    this.#everyMs = perMs / requests;
    this.#tokens = requests;
  }

  get queued(): number {
    return this.#waiting.size;
  }

  /** True where a call may go at once; it has taken its token then. */
  tryTake(): boolean {
    if (this.#waiting.size > 0) return false;
    this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** How long the next to come would wait, in milliseconds. */
  nextMs(): number {
    this.#fill();
    return Math.max(0, Math.ceil((this.#waiting.size + 1 - this.#tokens) * this.#everyMs));
  }

  /** Waits in line for a token. Rejects with TIMEOUT or CANCELLED, effect `none`, where the patience ends first. */
  take(patience: Waiting): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const admit = (): void => {
      letGo();
      resolve();
    };
    this.#waiting.add(admit);
    this.#wait();
    const letGo = startPatience(patience, (end) => {
      this.#waiting.delete(admit);
      if (this.#waiting.size === 0) this.#rest();
      reject(
        end === 'deadline'
          ? new TimeoutError(`the deadline passed while the call was waiting for its turn by ${this.name}`, {
              effect: 'none',
            })
          : new CancelledError('the caller left while the call was waiting for its turn', { effect: 'none' }),
      );
    });
    return promise;
  }

  #fill(): void {
    const now = performance.now();
    this.#tokens = Math.min(this.#most, this.#tokens + (now - this.#filledAt) / this.#everyMs);
    this.#filledAt = now;
  }

  /** Nobody waits, and nothing is kept alive for it. */
  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(): void {
    if (this.#timer !== undefined || this.#waiting.size === 0) return;
    this.#fill();
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#fill();
        for (const admit of this.#waiting) {
          if (this.#tokens < 1) break;
          this.#tokens -= 1;
          this.#waiting.delete(admit);
          admit();
        }
        this.#wait();
      },
      Math.max(1, Math.ceil((1 - this.#tokens) * this.#everyMs)),
    );
  }
}

/** How many calls a connector may send in a time, in all or of a class. */
export class RateLimits {
  readonly #all: Bucket | undefined;
  readonly #classes: ReadonlyMap<string, Bucket>;
  readonly #longestMs: number;
  #refused = 0;

  constructor({ rate, rates = {}, timeoutMs }: LimitsConfig) {
    this.#all = rate === undefined ? undefined : new Bucket('limits.rate', rate);
    const classes = Object.entries(rates).map(
      ([name, each]) => [name, new Bucket(`limits.rates.${name}`, each)] as const,
    );
    this.#classes = new Map(classes);
    this.#longestMs = timeoutMs;
  }

  /** Calls that wait for their turn. */
  get queued(): number {
    return [this.#all, ...this.#classes.values()].reduce((sum, bucket) => sum + (bucket?.queued ?? 0), 0);
  }

  /** Calls that were refused, as their turn would have come too late. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Lets a call go, at once or when its turn has come. Where that would be after the caller's deadline, or after as long as a call may
   * take, it is refused at once: throws RATE_LIMITED, reason `rate_limit`.
   */
  admit(rateLimitClass: string | undefined, call: Waiting): void | Promise<void> {
    const bucket = (rateLimitClass === undefined ? undefined : this.#classes.get(rateLimitClass)) ?? this.#all;
    if (bucket === undefined || bucket.tryTake()) return;
    const waitMs = bucket.nextMs();
    if (waitMs <= this.#longestMs && Date.now() + waitMs < call.deadline) return bucket.take(call);
    this.#refused += 1;
    throw new RateLimitedError(
      `${bucket.name} lets a call through only in ${waitMs} ms, which is longer than it may wait; it was not sent`,
      { blame: 'caller', effect: 'none', retryAfterMs: waitMs, details: { reason: 'rate_limit' } },
    );
  }
}

/** What the gate needs to know of a call. */
interface LimitedCall extends Waiting {
  readonly target: { readonly rates?: RateLimits | undefined };
  readonly rateLimitClass: string | undefined;
}

/** The rate limits of the connector that is called. */
export const rateLimit: Gate<LimitedCall> = {
  name: 'rate limit',
  concerns: ({ target }) => target.rates !== undefined,
  admit: (call) => call.target.rates?.admit(call.rateLimitClass, call),
};
