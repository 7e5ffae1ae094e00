import { isDeepStrictEqual } from 'node:util';
import type { LimitsConfig, RateConfig } from '@automate/contract';
import { CancelledError, RateLimitedError, startPatience, TimeoutError } from '@automate/contract';
import { TokenBucket } from '../../runtime/token-bucket.ts';
import type { Bulkhead } from './bulkhead.ts';
import type { Gate } from './gate.ts';

/** Who waits for a token, and how long at most. */
interface Waiting {
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
}

/** A limit and those who wait in line for a token of it. */
class Line {
  readonly name: string;
  readonly config: RateConfig;
  readonly #bucket: TokenBucket;
  /** Admits each, in the order in which they came. */
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(name: string, config: RateConfig) {
    this.name = name;
    this.config = config;
    this.#bucket = new TokenBucket({ most: config.requests, fillMs: config.perMs });
  }

  get queued(): number {
    return this.#waiting.size;
  }

  /** True where a call may go at once; it has taken its token then. */
  tryTake(): boolean {
    return this.#waiting.size === 0 && this.#bucket.tryTake();
  }

  /** How long the next to come would wait, in milliseconds. */
  nextMs(): number {
    return this.#bucket.waitMs(this.#waiting.size + 1);
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
              blame: 'operator',
            })
          : new CancelledError('the caller left while the call was waiting for its turn', { effect: 'none' }),
      );
    });
    return promise;
  }

  /** Nobody waits, and nothing is kept alive for it. */
  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(): void {
    if (this.#timer !== undefined || this.#waiting.size === 0) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        for (const admit of this.#waiting) {
          if (!this.#bucket.tryTake()) break;
          this.#waiting.delete(admit);
          admit();
        }
        this.#wait();
      },
      Math.max(1, this.#bucket.waitMs()),
    );
  }
}

/** How many calls a connector may send in a time, in all or of a class. */
export class RateLimits {
  readonly #all: Line | undefined;
  readonly #classes: ReadonlyMap<string, Line>;
  #refused = 0;

  /** @param before what held for the connector until now: limits that are the same go on, with those who wait in line for them */
  constructor({ rate, rates = {} }: Pick<LimitsConfig, 'rate' | 'rates'>, before?: RateLimits) {
    const lines = before === undefined ? [] : [before.#all, ...before.#classes.values()];
    const lineOf = (name: string, config: RateConfig): Line =>
      lines.find((line) => line?.name === name && isDeepStrictEqual(line.config, config)) ?? new Line(name, config);
    this.#all = rate === undefined ? undefined : lineOf('limits.rate', rate);
    this.#classes = new Map(Object.entries(rates).map(([name, each]) => [name, lineOf(`limits.rates.${name}`, each)]));
    this.#refused = before?.refused ?? 0;
  }

  /** Calls that wait for their turn. */
  get queued(): number {
    return [this.#all, ...this.#classes.values()].reduce((sum, line) => sum + (line?.queued ?? 0), 0);
  }

  /** Calls that were refused, as their turn would have come too late. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Lets a call go, at once or when its turn has come; it has no place among those in flight meanwhile. Where its turn would come after
   * the caller's deadline, or after as long as a call may take, it is refused at once: throws RATE_LIMITED, reason `rate_limit`.
   */
  admit(call: LimitedCall): void | Promise<void> {
    const { rateLimitClass, target } = call;
    const line = (rateLimitClass === undefined ? undefined : this.#classes.get(rateLimitClass)) ?? this.#all;
    if (line === undefined || line.tryTake()) return;
    const waitMs = line.nextMs();
    if (waitMs <= target.limits.timeoutMs && Date.now() + waitMs < call.deadline)
      return target.bulkhead.aside(call, () => line.take(call));
    this.#refused += 1;
    throw new RateLimitedError(
      `${line.name} lets a call through only in ${waitMs} ms, which is longer than it may wait; it was not sent`,
      { blame: 'caller', effect: 'none', retryAfterMs: waitMs, details: { reason: 'rate_limit' } },
    );
  }
}

/** What the gate needs to know of a call. */
interface LimitedCall extends Waiting {
  readonly target: {
    readonly rates?: RateLimits | undefined;
    readonly bulkhead: Bulkhead;
    readonly limits: Pick<LimitsConfig, 'timeoutMs'>;
  };
  readonly rateLimitClass: string | undefined;
}

/** The rate limits of the connector that is called. */
export const rateLimit: Gate<LimitedCall> = {
  name: 'rate limit',
  concerns: ({ target }) => target.rates !== undefined,
  admit: (call) => call.target.rates?.admit(call),
};
