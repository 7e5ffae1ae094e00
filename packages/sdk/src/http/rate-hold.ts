import type { ConnectorError } from '@automate/contract';
import { RateLimitedError, UpstreamError } from '@automate/contract';
import { parseRetryAfter } from '../normalize-error.ts';
import type { Answer } from './exchange.ts';

/** A wait is believed this long; then one request finds out whether it still holds. */
const LONGEST_HOLD_MS = 5 * 60 * 1000;
/** How long others wait for that one. */
const PROBE_MS = 5000;

/** What of an answer says how long to wait. */
type Waiting = Pick<Answer, 'status' | 'headers'>;

/** What keeps the requests of one class from being sent. */
interface Hold {
  readonly status: number;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** The request that goes first once the time is over; settles when its answer is there. */
  probe?: Promise<unknown>;
}

/**
 * What a remote system said of waiting, kept for all requests of one connector: while its `Retry-After` (of a 429 or a
 * 503) lasts, requests of the same class fail at once, unsent. Afterwards one goes first, and the others see what it met. A health
 * check always asks, since an old answer says nothing of now; where it is well received, a 503 is over.
 */
export interface RateHolds {
  /** Sends, or rejects without having sent. `wait` bounds a wait for what has no effect. */
  pass<A extends Waiting>(request: HeldRequest<A>, send: () => Promise<A>): Promise<A>;
}

export interface HeldRequest<A> {
  /** Requests of one class share a hold. */
  readonly rateLimitClass: string;
  /** Whether an answer holds all requests that ask so. */
  readonly holdsAll?: ((answer: A) => boolean) | undefined;
  /** The request, for messages. */
  readonly what: string;
  readonly wait: <T>(work: Promise<T>) => Promise<T>;
  /** Whether it belongs to a health check. */
  readonly ofHealth: boolean;
}

/** Beside the classes. */
const ALL = Symbol('all classes');
type Key = string | typeof ALL;

export function createRateHolds(): RateHolds {
  const holds = new Map<Key, Hold>();
  return {
    async pass<A extends Waiting>(
      { rateLimitClass, holdsAll, what, wait, ofHealth }: HeldRequest<A>,
      send: () => Promise<A>,
    ): Promise<A> {
      const keys: Key[] = holdsAll === undefined ? [rateLimitClass] : [rateLimitClass, ALL];
      const found = (): Hold[] => keys.flatMap((key) => holds.get(key) ?? []);
      const heed = (answer: A): boolean => {
        const fresh = holdOf(answer);
        if (fresh === undefined) return false;
        const key = holdsAll?.(answer) === true ? ALL : rateLimitClass;
        const current = holds.get(key);
        if (current === undefined || fresh.until > current.until) holds.set(key, fresh);
        return true;
      };
      if (ofHealth) {
        const answer = await send();
        // Unlike a limit, it is the whole system's that does not serve.
        if (!heed(answer) && answer.status < 500)
          for (const [key, { status }] of holds) if (status === 503) holds.delete(key);
        return answer;
      }
      for (const { probe } of found()) if (probe !== undefined) await wait(probe);
      const over = found().toSorted((one, other) => other.until - one.until);
      const [last] = over;
      if (last !== undefined && Date.now() < last.until) throw heldBack(what, last);
      const sending = send();
      for (const hold of over) hold.probe ??= settled(sending);
      try {
        const answer = await sending;
        for (const key of keys) if (over.some((hold) => holds.get(key) === hold)) holds.delete(key);
        heed(answer);
        return answer;
      } catch (error) {
        // Whoever comes next goes first.
        for (const hold of over) delete hold.probe;
        throw error;
      }
    },
  };
}

/** The probe's end, or the end of the patience with it. */
function settled(sending: Promise<unknown>): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, PROBE_MS);
  sending.then(
    () => resolve(),
    () => resolve(),
  );
  return promise.finally(() => clearTimeout(timer));
}

function holdOf({ status, headers }: Waiting): Hold | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const retryAfterMs = parseRetryAfter(headers['retry-after']) ?? 0;
  if (retryAfterMs === 0) return undefined;
  return { status, until: Date.now() + Math.min(retryAfterMs, LONGEST_HOLD_MS) };
}

function heldBack(what: string, { status, until }: Hold): ConnectorError {
  const retryAfterMs = Math.max(1, until - Date.now());
  const options = { effect: 'none', retryAfterMs, details: { status, reason: 'held_back' } } as const;
  const message = `${what} was not sent: the remote system answered an earlier request with ${status} and wants no more for another ${Math.ceil(retryAfterMs / 1000)} s`;
  return status === 429 ? new RateLimitedError(message, options) : new UpstreamError(message, options);
}
