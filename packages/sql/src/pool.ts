import {
  CancelledError,
  LONGEST_TIMER_MS,
  OverloadedError,
  remainingMs,
  TimeoutError,
  UnavailableError,
} from '@automate/sdk';
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
  readonly connect: (call: Call) => Promise<C>;
}

interface Pooled<C> {
  readonly connection: C;
  readonly openedAt: number;
  readonly generation: number;
  timer?: NodeJS.Timeout;
}

/** Is given a connection, or undefined: there is room for another one. */
type Waiting<C> = (connection: C | undefined) => void;

/** Connections of one connector, each lent to one call at a time. They are opened when first needed. */
export class Pool<C extends SqlConnection> {
  readonly #options: PoolOptions<C>;
  readonly #idle: Pooled<C>[] = [];
  readonly #lent = new Map<C, Pooled<C>>();
  readonly #waiting = new Set<Waiting<C>>();
  readonly #closing = new Set<Promise<void>>();
  #opening = 0;
  #generation = 0;
  #closed = false;

  constructor(options: PoolOptions<C>) {
    this.#options = options;
  }

  /** A connection for a call. Whatever goes wrong here, nothing was sent. */
  async acquire(call: Call): Promise<C> {
    for (;;) {
      if (this.#closed) throw new UnavailableError('the connector is closing');
      if (call.signal.aborted) throw left();
      const idle = this.#takeIdle();
      if (idle !== undefined) return this.#lend(idle);
      if (this.#idle.length + this.#lent.size + this.#opening < this.#options.max) return this.#open(call);
      const served = await this.#wait(call);
      if (served !== undefined) return served;
    }
  }

  /** Takes a connection back that is as good as new. */
  release(connection: C): void {
    const pooled = this.#lent.get(connection);
    if (pooled === undefined) return;
    this.#lent.delete(connection);
    this.#keep(pooled);
  }

  /** Takes a connection back that is of no more use. */
  drop(connection: C): void {
    this.#lent.delete(connection);
    connection.destroy();
    this.#serveNext(undefined);
  }

  /** Lets go of every connection that is open now; those in use when they come back. */
  retire(): void {
    this.#generation += 1;
    for (const pooled of this.#idle.splice(0)) this.#discard(pooled);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const connection of this.#lent.keys()) connection.destroy();
    this.retire();
    await Promise.all(this.#closing);
  }

  #takeIdle(): Pooled<C> | undefined {
    for (let pooled = this.#idle.pop(); pooled !== undefined; pooled = this.#idle.pop()) {
      clearTimeout(pooled.timer);
      if (this.#isGood(pooled)) return pooled;
      this.#discard(pooled);
    }
    return undefined;
  }

  #isGood({ connection, openedAt, generation }: Pooled<C>): boolean {
    const young = Date.now() - openedAt < this.#options.lifetimeMs;
    return young && connection.isOpen && generation === this.#generation && !this.#closed;
  }

  #lend(pooled: Pooled<C>): C {
    this.#lent.set(pooled.connection, pooled);
    return pooled.connection;
  }

  #keep(pooled: Pooled<C>): void {
    if (!this.#isGood(pooled)) {
      this.#discard(pooled);
      this.#serveNext(undefined);
      return;
    }
    if (this.#serveNext(pooled)) return;
    pooled.timer = setTimeout(() => {
      this.#idle.splice(this.#idle.indexOf(pooled), 1);
      this.#discard(pooled);
    }, this.#options.idleMs).unref();
    this.#idle.push(pooled);
  }

  #discard({ connection, timer }: Pooled<C>): void {
    clearTimeout(timer);
    const closing = connection.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  /** Hands a connection, or the room for one, to the call that has waited longest. */
  #serveNext(pooled: Pooled<C> | undefined): boolean {
    const [next] = this.#waiting;
    if (next === undefined) return false;
    this.#waiting.delete(next);
    next(pooled === undefined ? undefined : this.#lend(pooled));
    return true;
  }

  #wait(call: Call): Promise<C | undefined> {
    const { server, max } = this.#options;
    const { promise, resolve } = Promise.withResolvers<C | undefined>();
    this.#waiting.add(resolve);
    const exhausted = (): ConnectorError =>
      new OverloadedError(`all ${max} connections to ${server} are in use`, { details: { reason: 'pool_exhausted' } });
    return untilOver(call, exhausted, promise).catch((error: unknown) => {
      this.#waiting.delete(resolve);
      // It may have been served in the same moment.
      void promise.then((connection) =>
        connection === undefined ? this.#serveNext(undefined) : this.release(connection),
      );
      throw error;
    });
  }

  async #open(call: Call): Promise<C> {
    this.#opening += 1;
    const generation = this.#generation;
    const opening = this.#options
      .connect(call)
      .then((connection): Pooled<C> => ({ connection, openedAt: Date.now(), generation }));
    const tooLate = (): ConnectorError =>
      new TimeoutError(`${this.#options.server} did not let us in before the deadline of the call`, { effect: 'none' });
    try {
      const pooled = await untilOver(call, tooLate, opening);
      this.#opening -= 1;
      return this.#lend(pooled);
    } catch (error) {
      opening.then(
        (pooled) => {
          this.#opening -= 1;
          // One that comes too late is for the next call.
          this.#keep(pooled);
        },
        () => {
          this.#opening -= 1;
          this.#serveNext(undefined);
        },
      );
      throw error;
    }
  }
}

/** Waits until the work is done, the deadline passes or the caller leaves. */
async function untilOver<T>({ deadline, signal }: Call, tooLate: () => ConnectorError, work: Promise<T>): Promise<T> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(tooLate()), Math.min(remainingMs(deadline), LONGEST_TIMER_MS));
  const leave = (): void => reject(Date.now() >= deadline ? tooLate() : left());
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
  }
}

const left = (): CancelledError => new CancelledError('the caller cancelled the call', { effect: 'none' });
