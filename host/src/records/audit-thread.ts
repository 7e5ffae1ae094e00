import { Worker } from 'node:worker_threads';
import { ConnectorError, UnavailableError } from '@automate/contract';
import type { AuditThreadData, FromAuditThread, ToAuditThread } from './audit-entry.ts';

/** How long the thread may take to close its database, in milliseconds. */
const CLOSE_MS = 5_000;

interface Waiting {
  resolve(value: unknown): void;
  reject(reason: ConnectorError): void;
}

/** A thread of its own for the audit, started with the first question, and again after it has died. It keeps the program alive only while somebody waits. */
export class AuditThread {
  readonly #data: () => AuditThreadData;
  #worker: Worker | undefined;
  #waiting: Waiting[] = [];

  /** @param data asked for at each start; what it throws is the answer */
  constructor(data: () => AuditThreadData) {
    this.#data = data;
  }

  /** Rejects with UNAVAILABLE where it cannot be done, or the thread dies over it. */
  ask(message: ToAuditThread): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let worker: Worker;
      try {
        worker = this.#worker ??= this.#start();
      } catch (reason) {
        reject(threadLost(reason));
        return;
      }
      this.#waiting.push({ resolve, reject });
      worker.ref();
      post(worker, message);
    });
  }

  /** Ends the thread after what it was asked before. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    worker.ref();
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    const timer = setTimeout(() => void worker.terminate(), CLOSE_MS);
    post(worker, { op: 'close' });
    await ended;
    clearTimeout(timer);
  }

  #start(): Worker {
    const worker = new Worker(new URL('./audit-entry.js', import.meta.url), {
      workerData: this.#data(),
      env: {},
      name: 'audit',
    });
    let fault: unknown;
    worker.on('message', (answer: FromAuditThread) => {
      const first = this.#waiting.shift();
      if (this.#waiting.length === 0) worker.unref();
      if ('error' in answer) first?.reject(ConnectorError.fromEnvelope(answer.error));
      else first?.resolve(answer.value);
    });
    // An error ends the thread: the exit tells of both.
    worker.on('error', (error) => (fault = error));
    worker.on('exit', () => {
      this.#worker = undefined;
      for (const { reject } of this.#waiting.splice(0)) reject(threadLost(fault));
    });
    return worker;
  }
}

function post(worker: Worker, message: ToAuditThread): void {
  worker.postMessage(message, []);
}

function threadLost(cause: unknown): UnavailableError {
  const said = cause instanceof Error ? cause.message : 'its thread ended';
  return new UnavailableError(`the audit cannot be kept: ${said}`, {
    blame: 'operator',
    effect: 'none',
    details: { reason: 'storage_failed' },
    cause,
  });
}
