import type { OpenBatch } from './messages.ts';
import { openBatch } from './messages.ts';

/**
 * From here on a batch does not wait for the end of the turn: the other side can begin with it while this one goes on,
 * otherwise the two threads take turns. Smaller batches would cost more in posting than they win.
 */
const POST_AT_BYTES = 16 * 1024;
const POST_AT_MESSAGES = 16;

export interface BatchWriterOptions {
  post(batch: OpenBatch): void;
  /** Calls back at the end of this turn of the event loop. */
  defer(flush: () => void): void;
}

/** Gathers what one turn of the event loop writes into one post. Both sides of the channel use it. */
export class BatchWriter {
  readonly #post: (batch: OpenBatch) => void;
  readonly #defer: (flush: () => void) => void;
  readonly #flush = (): void => this.flush();
  #batch = openBatch();
  #bytes = 0;
  #messages = 0;
  #deferred = false;

  constructor(options: BatchWriterOptions) {
    this.#post = options.post;
    this.#defer = options.defer;
  }

  /** The batch to append to; call `wrote` right after. */
  get batch(): OpenBatch {
    return this.#batch;
  }

  /** Says how long the message is that was appended, roughly, and sees to it that it leaves. */
  wrote(bytes: number): void {
    this.#bytes += bytes;
    this.#messages += 1;
    if (this.#bytes >= POST_AT_BYTES || this.#messages >= POST_AT_MESSAGES) {
      this.flush();
    } else if (!this.#deferred) {
      this.#deferred = true;
      this.#defer(this.#flush);
    }
  }

  /** Posts what there is, now. */
  flush(): void {
    this.#deferred = false;
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = openBatch();
    this.#bytes = 0;
    this.#messages = 0;
    this.#post(batch);
  }
}
