import { Worker } from 'node:worker_threads';
import { ConnectorError, UnavailableError } from '@automate/contract';
import { serviceClosed } from '@automate/contract/service';
import type { OutcomeStep, StepAnswer } from './outcome-table.ts';
import type { FromWriter, ToWriter, WriterData } from './outcome-writer.ts';

/** How long a thread may take to close its database, in milliseconds. */
const CLOSE_MS = 5_000;

interface Waiting {
  readonly step: OutcomeStep;
  resolve(answer: StepAnswer): void;
  reject(reason: ConnectorError): void;
}

/**
 * The thread that writes outcomes, started with the first step. What comes while it is committing is committed as one
 * afterwards, so that many calls at a time wait for the disk together. It keeps the program alive only while somebody waits.
 */
export class WriterThread {
  readonly #data: WriterData;
  #worker: Worker | undefined;
  #waiting: Waiting[] = [];
  #committing: Waiting[] = [];
  #closing: Promise<void> | undefined;

  constructor(data: WriterData) {
    this.#data = data;
  }

  /** Resolves when the step has been committed. Rejects with UNAVAILABLE where it could not be. */
  run(step: OutcomeStep): Promise<StepAnswer> {
    if (this.#closing !== undefined) return Promise.reject(serviceClosed());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ step, resolve, reject });
      if (this.#waiting.length === 1) queueMicrotask(() => this.#commit());
    });
  }

  /** Waits for what was asked of it, then ends the thread. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  #commit(): void {
    if (this.#committing.length > 0 || this.#waiting.length === 0) return;
    this.#committing = this.#waiting;
    this.#waiting = [];
    const worker = (this.#worker ??= this.#start());
    worker.ref();
    worker.postMessage(this.#committing.map(({ step }) => step) satisfies ToWriter, []);
  }

  #start(): Worker {
    const worker = new Worker(new URL('./outcome-writer.js', import.meta.url), {
      workerData: this.#data,
      env: {},
      name: 'outcomes',
    });
    worker.on('message', (answer: FromWriter) => this.#settle(answer));
    // An error ends the thread: the exit tells of both.
    let fault: unknown;
    worker.on('error', (error) => (fault = error));
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      this.#settle({ error: writerLost(fault).toEnvelope() });
    });
    return worker;
  }

  #settle(answer: FromWriter): void {
    const committed = this.#committing;
    this.#committing = [];
    this.#worker?.unref();
    for (const [index, { resolve, reject }] of committed.entries()) {
      const own = 'answers' in answer ? answer.answers[index] : undefined;
      if (own !== undefined) resolve(own);
      else reject(ConnectorError.fromEnvelope('error' in answer ? answer.error : writerLost('no answer').toEnvelope()));
    }
    this.#commit();
  }

  async #close(): Promise<void> {
    while (this.#committing.length > 0 || this.#waiting.length > 0)
      await new Promise((resolve) => setImmediate(resolve));
    const worker = this.#worker;
    if (worker === undefined) return;
    worker.ref();
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    const timer = setTimeout(() => void worker.terminate(), CLOSE_MS);
    worker.postMessage('close' satisfies ToWriter, []);
    await ended;
    clearTimeout(timer);
  }
}

function writerLost(cause: unknown): UnavailableError {
  const said = cause instanceof Error ? `: ${cause.message}` : '';
  return new UnavailableError(`the thread that keeps the outcomes of calls ended${said}`, {
    blame: 'operator',
    effect: 'none',
    details: { reason: 'storage_failed' },
    cause,
  });
}
