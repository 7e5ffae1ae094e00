export interface RateLimits {
  readonly linesPerSecond: number;
  readonly bytesPerSecond: number;
  /** How many seconds' worth may come at once. */
  readonly burstSeconds: number;
}

/** What one connector may log. */
export const CONNECTOR_LOG_LIMITS: RateLimits = { linesPerSecond: 500, bytesPerSecond: 64 * 1024, burstSeconds: 4 };

/** What all connectors of a host may log together. */
export const HOST_LOG_LIMITS: RateLimits = { linesPerSecond: 5_000, bytesPerSecond: 512 * 1024, burstSeconds: 4 };

/** A bucket of lines and one of bytes. A line passes if both have room. */
export class RateLimiter {
  readonly #limits: RateLimits;
  readonly #now: () => number;
  #lines: number;
  #bytes: number;
  #filledAt: number;

  constructor(limits: RateLimits, now: () => number = Date.now) {
    this.#limits = limits;
    this.#now = now;
    this.#lines = limits.linesPerSecond * limits.burstSeconds;
    this.#bytes = limits.bytesPerSecond * limits.burstSeconds;
    this.#filledAt = now();
  }

  /** Takes one line's worth; false where there is no room. */
  take(bytes: number): boolean {
    this.#refill();
    if (this.#lines < 1 || this.#bytes < bytes) return false;
    this.#lines -= 1;
    this.#bytes -= bytes;
    return true;
  }

  #refill(): void {
    const now = this.#now();
    const seconds = (now - this.#filledAt) / 1000;
    if (seconds <= 0) return;
    const { linesPerSecond, bytesPerSecond, burstSeconds } = this.#limits;
    this.#filledAt = now;
    this.#lines = Math.min(linesPerSecond * burstSeconds, this.#lines + seconds * linesPerSecond);
    this.#bytes = Math.min(bytesPerSecond * burstSeconds, this.#bytes + seconds * bytesPerSecond);
  }
}
