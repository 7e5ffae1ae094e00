import { Worker } from 'node:worker_threads';
import type { ErrorEnvelope } from '@automate/contract';
import { ConnectorError, UnavailableError } from '@automate/contract';

/** How long a thread may take to close its database, in milliseconds. */
const CLOSE_MS = 5_000;

/** What such a thread answers to a question; answers come in the order of the questions. */
export type ThreadAnswer<Value = unknown> = { readonly value: Value } | { readonly error: ErrorEnvelope };

/** The last of what a thread is told: it closes its database and ends. */
export const CLOSE = 'close';

export interface DatabaseThreadOptions {
  /** The module that it begins with. */
  readonly entry: URL;
  readonly name: string;
  /** What cannot be done where it is lost: `the audit cannot be kept`. */
  readonly what: string;
  /** What it is told at each start. What this throws is the answer. */
  data(): unknown;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(reason: ConnectorError): void;
}

/**
 * A thread that has a database of its own, as what waits for the disk there would be the whole host here. Started with the first question,
 * and again after it has died. It keeps the program alive only while somebody waits.
 */
export class DatabaseThread<Question> {
  readonly #options: DatabaseThreadOptions;
  #worker: Worker | undefined;
  #waiting: Waiting[] = [];

  constructor(options: DatabaseThreadOptions) {
    this.#options = options;
  }

  /** Rejects with UNAVAILABLE where it cannot be done, or the thread dies over it. */
  ask(question: Question): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let worker: Worker;
      try {
        worker = this.#worker ??= this.#start();
      } catch (reason) {
        reject(this.#lost(reason));
        return;
      }
      this.#waiting.push({ resolve, reject });
      worker.ref();
      worker.postMessage(question, []);
    });
  }

  /** Ends the thread after what it was asked before. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    worker.ref();
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    const timer = setTimeout(() => void worker.terminate(), CLOSE_MS);
    worker.postMessage(CLOSE, []);
    await ended;
    clearTimeout(timer);
  }

  #start(): Worker {
    const { entry, name, data } = this.#options;
    const worker = new Worker(entry, { workerData: data(), env: {}, name });
    let fault: unknown;
    worker.on('message', (answer: ThreadAnswer) => {
      const first = this.#waiting.shift();
      if (this.#waiting.length === 0) worker.unref();
      if ('error' in answer) first?.reject(ConnectorError.fromEnvelope(answer.error));
      else first?.resolve(answer.value);
    });
    // An error ends the thread: the exit tells of both.
    worker.on('error', (error) => (fault = error));
    worker.on('exit', () => {
      this.#worker = undefined;
      for (const { reject } of this.#waiting.splice(0)) reject(this.#lost(fault));
    });
    return worker;
  }

  #lost(cause: unknown): UnavailableError {
    const said = cause instanceof Error ? cause.message : 'its thread ended';
    return new UnavailableError(`${this.#options.what}: ${said}`, {
      blame: 'operator',
      effect: 'none',
      details: { reason: 'storage_failed' },
      cause,
    });
  }
}
