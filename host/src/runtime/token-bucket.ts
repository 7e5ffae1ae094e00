/** How many tokens a bucket has room for, and how long an empty one takes to fill, in milliseconds. */
export interface BucketSize {
  readonly most: number;
  readonly fillMs: number;
}

/** So much in a time, at once or bit by bit. Full at first. */
export class TokenBucket {
  readonly #size: BucketSize;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;

  /** @param now milliseconds of a clock; the default is one that nobody sets back */
  constructor(size: BucketSize, now: () => number = () => performance.now()) {
    this.#size = size;
    this.#now = now;
    this.#tokens = size.most;
    this.#filledAt = now();
  }

  /** Whether there are so many. */
  has(count = 1): boolean {
    this.#fill();
    return this.#tokens >= count;
  }

  /** Takes so many if they are there; false, and none taken, where they are not. */
  tryTake(count = 1): boolean {
    if (!this.has(count)) return false;
    this.#tokens -= count;
    return true;
  }

  /** Milliseconds until there are so many, however many the bucket has room for. */
  waitMs(count = 1): number {
    this.#fill();
    return Math.max(0, Math.ceil(((count - this.#tokens) * this.#size.fillMs) / this.#size.most));
  }

  #fill(): void {
    const now = this.#now();
    const passed = now - this.#filledAt;
    if (passed <= 0) return;
    const { most, fillMs } = this.#size;
    this.#filledAt = now;
    this.#tokens = Math.min(most, this.#tokens + (passed * most) / fillMs);
  }
}
