import {
  CancelledError,
  LONGEST_TIMER_MS,
  OverloadedError,
  TimeoutError,
  UnavailableError,
  until,
} from '@automate/sdk';
import type { ConnectorError } from '@automate/sdk';
import { Pool as Tarn } from 'tarn';
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
  readonly #tarn: Tarn<C>;
  readonly #born = new WeakMap<C, { readonly at: number; readonly generation: number }>();
  readonly #lent = new Set<C>();
  readonly #leaving = new Set<Promise<void>>();
  readonly #waiting = new Set<(error: unknown) => void>();
  #attempts = 0;
  #generation = 0;
  #closed = false;

  constructor(options: PoolOptions<C>) {
    this.#options = options;
    this.#tarn = new Tarn<C>({
      min: 0,
      max: options.max,
      create: () => this.#connect(),
      validate: (connection) => this.#isGood(connection),
      destroy: async (connection) => {
        // One that was dropped is gone.
        if (this.#born.has(connection)) await connection.close();
      },
      idleTimeoutMillis: Math.max(1, options.idleMs),
      // What is kept for ever is not looked for.
      reapIntervalMillis: options.idleMs === Infinity ? LONGEST_TIMER_MS : 1000,
      // Each call has a deadline of its own, and so has connecting.
      acquireTimeoutMillis: LONGEST_TIMER_MS,
      createTimeoutMillis: LONGEST_TIMER_MS,
      createRetryIntervalMillis: 1,
    });
  }

  /** A connection for a call. Whatever goes wrong here, nothing was sent. */
  async acquire(call: Call): Promise<C> {
    if (this.#closed) throw new UnavailableError('the connector is closing');
    if (call.signal.aborted) throw left();
    const failed = Promise.withResolvers<never>();
    this.#waiting.add(failed.reject);
    const pending = this.#tarn.acquire();
    try {
      const served = Promise.race([pending.promise, failed.promise]);
      const connection = await until({ ...call, error: (end) => this.#notServed(end, call) }, () => served);
      this.#lent.add(connection);
      return connection;
    } catch (error) {
      // It may have been served in the same moment.
      pending.promise.then(
        (connection) => this.#tarn.release(connection),
        () => undefined,
      );
      pending.abort();
      throw error;
    } finally {
      this.#waiting.delete(failed.reject);
    }
  }

  /** Takes a connection back that is as good as new. */
  release(connection: C): void {
    if (!this.#lent.delete(connection)) return;
    // Whoever is on the other side need not wait until somebody notices that it will not be used again.
    if (!this.#isGood(connection) && this.#born.delete(connection)) this.#leave(connection);
    this.#tarn.release(connection);
  }

  /** Takes a connection back that is of no more use. */
  drop(connection: C): void {
    connection.destroy();
    this.#born.delete(connection);
    this.release(connection);
  }

  /** Lets go of every connection that is open now, before it is used again. */
  retire(): void {
    this.#generation += 1;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const connection of this.#lent) connection.destroy();
    await this.#tarn.destroy();
    await Promise.all(this.#leaving);
  }

  async #connect(): Promise<C> {
    const generation = this.#generation;
    this.#attempts += 1;
    try {
      const connection = await this.#options.connect();
      this.#born.set(connection, { at: Date.now(), generation });
      return connection;
    } catch (error) {
      // Whoever waits beyond the other attempts has waited for this one: a further one would take as long again.
      const others = this.#attempts - 1;
      for (const fail of [...this.#waiting].slice(0, Math.max(0, this.#waiting.size - others))) fail(error);
      throw error;
    } finally {
      this.#attempts -= 1;
    }
  }

  #leave(connection: C): void {
    const leaving = connection.close().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  #isGood(connection: C): boolean {
    const { at = 0, generation } = this.#born.get(connection) ?? {};
    return connection.isOpen && generation === this.#generation && Date.now() - at < this.#options.lifetimeMs;
  }

  #notServed(end: string, { deadline }: Call): ConnectorError {
    if (end === 'caller' && Date.now() < deadline) return left();
    const { server, max } = this.#options;
    return this.#tarn.numUsed() === max
      ? new OverloadedError(`all ${max} connections to ${server} are in use`, { details: { reason: 'pool_exhausted' } })
      : new TimeoutError(`${server} did not let us in before the deadline of the call`, { effect: 'none' });
  }
}

const left = (): CancelledError => new CancelledError('the caller cancelled the call', { effect: 'none' });
