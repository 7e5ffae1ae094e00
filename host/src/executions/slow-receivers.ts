/** A receiver that takes longer than this for an answer is slow, in milliseconds. */
const SLOW_MS = 1_000;

/** Ends that a slow receiver is told of at the same time. */
const MOST_OF_SLOW = 4;

/** Receivers that are remembered: where hosts of a whole domain are allowed there may be any number. */
const MOST_REMEMBERED = 1_000;

/** Which receivers are slow, so that one of them, or one that is gone, takes a few places alone, and not those that others need. */
export class SlowReceivers {
  readonly #under = new Map<string, number>();
  /** The longest known first. */
  readonly #slow = new Set<string>();

  /** Takes a place for one try; gives what is to be called when it is over. Undefined where a slow receiver has none left. */
  take(receiver: string): (() => void) | undefined {
    const under = this.#under.get(receiver) ?? 0;
    if (under >= MOST_OF_SLOW && this.#slow.has(receiver)) return undefined;
    this.#under.set(receiver, under + 1);
    const startedAt = performance.now();
    return () => {
      const left = (this.#under.get(receiver) ?? 1) - 1;
      if (left > 0) this.#under.set(receiver, left);
      else this.#under.delete(receiver);
      this.#slow.delete(receiver);
      if (performance.now() - startedAt > SLOW_MS) this.#remember(receiver);
    };
  }

  #remember(receiver: string): void {
    this.#slow.add(receiver);
    const [first] = this.#slow;
    if (this.#slow.size > MOST_REMEMBERED && first !== undefined) this.#slow.delete(first);
  }
}
