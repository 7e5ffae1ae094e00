import { TokenBucket } from './token-bucket.ts';

export interface LogLimits {
  readonly linesPerSecond: number;
  readonly bytesPerSecond: number;
  /** How many seconds' worth may come at once. */
  readonly burstSeconds: number;
}

/** What one connector may log. */
export const CONNECTOR_LOG_LIMITS: LogLimits = { linesPerSecond: 500, bytesPerSecond: 64 * 1024, burstSeconds: 4 };

/** What all connectors of a host may log together. */
export const HOST_LOG_LIMITS: LogLimits = { linesPerSecond: 5_000, bytesPerSecond: 512 * 1024, burstSeconds: 4 };

/** A bucket of lines and one of bytes. A line passes if both have room. */
export class RateLimiter {
  readonly #lines: TokenBucket;
  readonly #bytes: TokenBucket;

  constructor({ linesPerSecond, bytesPerSecond, burstSeconds }: LogLimits, now: () => number = Date.now) {
    const fillMs = burstSeconds * 1000;
    this.#lines = new TokenBucket({ most: linesPerSecond * burstSeconds, fillMs }, now);
    this.#bytes = new TokenBucket({ most: bytesPerSecond * burstSeconds, fillMs }, now);
  }

  /** Takes one line's worth; false where there is no room. */
  take(bytes: number): boolean {
    return this.#lines.has() && this.#bytes.tryTake(bytes) && this.#lines.tryTake();
  }
}
