import { LEASE_MS } from '../store/placement-store.ts';

/** How long a host holds what it does without word from the store, in milliseconds: it lets go of that half a second before its lease lapses. */
export const HELD_MS = LEASE_MS - 500;

/** What a host holds, and until when by its own clock. Each method is given what that clock says; nothing here waits or asks. */
export class HeldLease {
  readonly #held = new Set<string>();
  #until = 0;
  #number = 0;

  get size(): number {
    return this.#held.size;
  }

  get connectors(): readonly string[] {
    return [...this.#held];
  }

  /** Grows with each lease that lapsed: what was asked for under an earlier one is not held. */
  get number(): number {
    return this.#number;
  }

  isValid(now: number): boolean {
    return now < this.#until;
  }

  holds(connector: string, now: number): boolean {
    return this.#held.has(connector) && now < this.#until;
  }

  /** For how long it is held, unless the lease is renewed; 0 of what is not. */
  leftMs(connector: string, now: number): number {
    return this.#held.has(connector) ? Math.max(0, this.#until - now) : 0;
  }

  /** @param sentAt before the store was asked to renew it; gives from when on nothing is held any more */
  renew(sentAt: number): number {
    this.#until = sentAt + HELD_MS;
    return this.#until;
  }

  /** Gives what was held. */
  lapse(): readonly string[] {
    const lost = this.connectors;
    this.#number += 1;
    this.#until = 0;
    this.#held.clear();
    return lost;
  }

  /** Whether it holds what the store gave it, which it asked for under the lease of that number. */
  take(connector: string, number: number, now: number): boolean {
    if (number !== this.#number || !this.isValid(now)) return false;
    this.#held.add(connector);
    return true;
  }

  /** Whether it was held. */
  letGo(connector: string): boolean {
    return this.#held.delete(connector);
  }
}
