import { CancelledError, OverloadedError, startPatience, TimeoutError, UnavailableError, until } from '@automate/sdk';
import type { ConnectorError } from '@automate/sdk';
import type { Call, SqlConnection } from './dialect.ts';

export interface PoolOptions<C> {
  /** For messages. */
  readonly server: string;
  /** Most connections at once. */
  readonly max: number;
  /** How long one that nobody uses is kept, in milliseconds. */
  readonly idleMs: number;
  /** How long one is used at all, in milliseconds. */
  readonly lifetimeMs: number;
  readonly connect: () => Promise<C>;
}

/** Connections of one connector, each lent to one call at a time. They are opened when first needed. */
export class Pool<C extends SqlConnection> {
  readonly #options: PoolOptions<C>;
  readonly #born = new WeakMap<C, { readonly at: number; readonly generation: number }>();
  readonly #waiting = new Set<PromiseWithResolvers<C>>();
  readonly #lent = new Set<C>();
  /** Those that nobody uses, the last one used last, each with what ends its waiting. */
  readonly #idle = new Map<C, () => void>();
  /** Attempts to connect and leave-takings that are under way. */
  readonly #pending = new Set<Promise<void>>();
  #opening = 0;
  #generation = 0;
  #closed = false;

  constructor(options: PoolOptions<C>) {
    this.#options = options;
  }

  /** A connection for a call. Whatever goes wrong here, nothing was sent. */
  async acquire(call: Call): Promise<C> {
    if (this.#closed) throw closing();
    if (call.signal.aborted) throw left();
    const place = Promise.withResolvers<C>();
    this.#waiting.add(place);
    this.#serve();
    try {
      return await until({ ...call, error: (end) => this.#notServed(end, call) }, () => place.promise);
    } catch (error) {
      // It may have been served in the same moment.
      if (!this.#waiting.delete(place))
        place.promise.then(
          (connection) => this.release(connection),
          () => undefined,
        );
      throw error;
    }
  }

  /** Takes a connection back that is as good as new. */
  release(connection: C): void {
    if (!this.#lent.delete(connection)) return;
    if (this.#isGood(connection)) this.#keep(connection);
    // Whoever is on the other side need not wait until somebody notices that it will not be used again.
    else this.#track(connection.close());
    this.#serve();
  }

  /** Takes a connection back that is of no more use. */
  drop(connection: C): void {
    connection.destroy();
    if (this.#lent.delete(connection)) this.#serve();
  }

  /** Lets go of every connection that is open now, before it is used again. */
  retire(): void {
    this.#generation += 1;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const place of this.#waiting) place.reject(closing());
    this.#waiting.clear();
    for (const connection of this.#lent) connection.destroy();
    this.#takeIdle();
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** Lends what nobody uses to those who have waited longest, and opens more for the others. */
  #serve(): void {
    for (const place of this.#waiting) {
      const connection = this.#takeIdle();
      if (connection === undefined) break;
      this.#waiting.delete(place);
      this.#lent.add(connection);
      place.resolve(connection);
    }
    while (this.#opening < this.#waiting.size && this.#lent.size + this.#opening < this.#options.max)
      this.#track(this.#open());
  }

  #keep(connection: C): void {
    const onEnd = (): void => {
      this.#idle.delete(connection);
      this.#track(connection.close());
    };
    this.#idle.set(connection, startPatience({ deadline: Date.now() + this.#options.idleMs }, onEnd));
  }

  #takeIdle(): C | undefined {
    for (const [connection, letGo] of [...this.#idle].toReversed()) {
      letGo();
      this.#idle.delete(connection);
      if (this.#isGood(connection)) return connection;
      this.#track(connection.close());
    }
    return undefined;
  }

  async #open(): Promise<void> {
    const generation = this.#generation;
    this.#opening += 1;
    try {
      const connection = await this.#options.connect();
      this.#born.set(connection, { at: Date.now(), generation });
      this.#lent.add(connection);
      this.#opening -= 1;
      this.release(connection);
    } catch (error) {
      this.#opening -= 1;
      // Whoever waits beyond the other attempts has waited for this one: a further one would take as long again.
      for (const place of [...this.#waiting].slice(0, Math.max(0, this.#waiting.size - this.#opening))) {
        this.#waiting.delete(place);
        place.reject(error);
      }
    }
  }

  #track(work: Promise<void>): void {
    const pending = work.finally(() => this.#pending.delete(pending));
    this.#pending.add(pending);
  }

  #isGood(connection: C): boolean {
    const { at = 0, generation } = this.#born.get(connection) ?? {};
    const isYoung = generation === this.#generation && Date.now() - at < this.#options.lifetimeMs;
    return isYoung && connection.isOpen && !this.#closed;
  }

  #notServed(end: string, { deadline }: Call): ConnectorError {
    if (end === 'caller' && Date.now() < deadline) return left();
    const { server, max } = this.#options;
    return this.#lent.size === max
      ? new OverloadedError(`all ${max} connections to ${server} are in use`, { details: { reason: 'pool_exhausted' } })
      : new TimeoutError(`${server} did not let us in before the deadline of the call`, { effect: 'none' });
  }
}

const closing = (): UnavailableError => new UnavailableError('the connector is closing');
const left = (): CancelledError => new CancelledError('the caller cancelled the call', { effect: 'none' });
