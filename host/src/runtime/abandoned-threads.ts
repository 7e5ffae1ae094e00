/** Blocked threads that a connector may leave behind before it is not started again. */
const MOST_OF_ONE = 2;
/** The same of all connectors together; those that left none behind go on. */
const MOST_IN_ALL = 4;

/** Counts the threads that were given up and do not end, as they are blocked outside JavaScript. */
export class AbandonedThreads {
  readonly #counts = new Map<string, number>();

  add(connector: string, gone: Promise<void>): void {
    this.#counts.set(connector, this.of(connector) + 1);
    void gone.then(() => this.#counts.set(connector, this.of(connector) - 1));
  }

  of(connector: string): number {
    return this.#counts.get(connector) ?? 0;
  }

  /** Whether one more thread of this connector would be too many. */
  areTooMany(connector: string): boolean {
    const mine = this.of(connector);
    if (mine >= MOST_OF_ONE) return true;
    const all = [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
    return mine > 0 && all >= MOST_IN_ALL;
  }
}
