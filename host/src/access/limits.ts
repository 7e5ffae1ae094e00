import type { CallOptions, Principal } from '@automate/contract';
import { quote, RateLimitedError } from '@automate/contract';
import { TokenBucket } from '../runtime/token-bucket.ts';

/** What one caller may have. */
export interface CallerLimits {
  /** Absent: as many as it likes. */
  readonly requestsPerSecond?: number;
  /** Calls under way at the same time. Absent: as many as it likes. */
  readonly callsInFlight?: number;
}

/** How long a caller with too many calls under way is asked to wait, in milliseconds: nobody knows when one of them ends. */
const RETRY_MS = 250;

interface Usage {
  inFlight: number;
  /** What is called when one of its calls is over. */
  readonly release: () => void;
  /** Requests that it may make at once; a second's worth at most. */
  requests?: TokenBucket | undefined;
}

/** Counts what each caller asks for. Programs of the host's own user are not counted: they must get in when others are too many. */
export class LimitKeeper {
  readonly #usage = new Map<string, Usage>();
  #limits: CallerLimits = {};

  /** From now on these hold. Calls under way stay counted. */
  set(limits: CallerLimits): void {
    if (limits.requestsPerSecond !== this.#limits.requestsPerSecond)
      for (const usage of this.#usage.values()) usage.requests = undefined;
    this.#limits = limits;
  }

  /** Gives what must be called when the call is over, if anything. */
  admit({ name }: Principal, { door }: CallOptions): (() => void) | undefined {
    const { requestsPerSecond, callsInFlight } = this.#limits;
    if ((requestsPerSecond === undefined && callsInFlight === undefined) || isNotCounted(door)) return undefined;
    let usage = this.#usage.get(name);
    if (usage === undefined) this.#usage.set(name, (usage = createUsage()));
    if (callsInFlight !== undefined && usage.inFlight >= callsInFlight)
      throw tooMany(name, `${callsInFlight} calls at the same time (access.limits.calls_in_flight)`, RETRY_MS);
    if (requestsPerSecond !== undefined) {
      usage.requests ??= secondOf(requestsPerSecond);
      if (!usage.requests.tryTake()) {
        const most = `${requestsPerSecond} requests per second (access.limits.requests_per_second)`;
        throw tooMany(name, most, usage.requests.waitMs());
      }
    }
    usage.inFlight += 1;
    return usage.release;
  }
}

/** Of webhooks the door itself says how many it takes: who has shown nothing must not use up what others may have. */
function isNotCounted(door: string | undefined): boolean {
  return door === undefined || door === 'socket' || door === 'hooks';
}

function createUsage(): Usage {
  const usage: Usage = {
    inFlight: 0,
    release: () => {
      usage.inFlight -= 1;
    },
  };
  return usage;
}

/** A second's worth, and one request in any case. */
function secondOf(perSecond: number): TokenBucket {
  const most = Math.max(1, perSecond);
  return new TokenBucket({ most, fillMs: (most / perSecond) * 1000 });
}

function tooMany(name: string, most: string, retryAfterMs: number): RateLimitedError {
  return new RateLimitedError(
    `${quote(name)} asks for more than one caller may have, which is ${most}: call more slowly`,
    {
      blame: 'caller',
      retryAfterMs,
      details: { reason: 'caller_limit' },
    },
  );
}
