/** The next one is made so long after the last was taken, so that it does not slow down the start that took it. */
const RENEW_AFTER_MS = 500;

/** How one sort of worker is made ahead of its task. */
export interface Making<T> {
  /** Nothing of it holds the host's process. One that cannot be made, or does not last, is not alive, and tells nobody. */
  make(memoryMb: number): T;
  /** Whether there is room for one that nobody has asked for yet. Default: there is. */
  mayMake?(memoryMb: number): boolean;
  isAlive(made: T): boolean;
  end(made: T): void;
}

/**
 * Workers for those who need one, the next of them made ahead and waiting for its task: most of a start is Node's own and
 * ours. There is none before the first is asked for, and one at most.
 */
export class Spare<T> {
  readonly #making: Making<T>;
  #spare: { readonly made: T; readonly memoryMb: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(making: Making<T>) {
    this.#making = making;
  }

  /** One with this limit; whoever takes it owns it. */
  take(memoryMb: number): T {
    const spare = this.#spare;
    this.#renewLater(memoryMb);
    if (spare?.memoryMb !== memoryMb || !this.#making.isAlive(spare.made)) return this.#making.make(memoryMb);
    this.#spare = undefined;
    return spare.made;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  #renewLater(memoryMb: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      if (this.#spare?.memoryMb === memoryMb && this.#making.isAlive(this.#spare.made)) return;
      this.#drop();
      if (this.#making.mayMake?.(memoryMb) === false) return;
      try {
        this.#spare = { made: this.#making.make(memoryMb), memoryMb };
      } catch {
        // Nobody has asked for it: whoever does makes one, and is told what that lacks.
      }
    }, RENEW_AFTER_MS).unref();
  }

  #drop(): void {
    // The id of a process that has died may be another's by now.
    if (this.#spare !== undefined && this.#making.isAlive(this.#spare.made)) this.#making.end(this.#spare.made);
    this.#spare = undefined;
  }
}
