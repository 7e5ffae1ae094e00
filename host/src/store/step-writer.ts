import type { ConnectorError } from '@automate/contract';
import { serviceClosed } from '@automate/contract/service';

interface Waiting<Step, Answer> {
  readonly step: Step;
  resolve(answer: Answer): void;
  reject(reason: ConnectorError): void;
}

/** Where steps are written: all of a batch, or none, with an answer for each. */
export interface StepSink<Step, Answer> {
  /** Rejects with UNAVAILABLE where nothing of it was done. */
  write(steps: readonly Step[]): Promise<readonly Answer[]>;
  close(): Promise<void>;
}

/**
 * Writes steps. What comes while it is committing is committed as one afterwards, so that many who ask at a time wait for the disk
 * together.
 */
export class StepWriter<Step, Answer> {
  readonly #sink: StepSink<Step, Answer>;
  #waiting: Waiting<Step, Answer>[] = [];
  #committing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(sink: StepSink<Step, Answer>) {
    this.#sink = sink;
  }

  /** Resolves when the step has been committed. Rejects with UNAVAILABLE where it could not be. */
  run(step: Step): Promise<Answer> {
    if (this.#closing !== undefined) return Promise.reject(serviceClosed());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ step, resolve, reject });
      if (this.#waiting.length === 1) queueMicrotask(() => this.#commit());
    });
  }

  /** Waits for what was asked of it, then closes the sink. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  #commit(): void {
    if (this.#committing !== undefined || this.#waiting.length === 0) return;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#committing = this.#write(batch).finally(() => {
      this.#committing = undefined;
      this.#commit();
    });
  }

  async #write(batch: readonly Waiting<Step, Answer>[]): Promise<void> {
    try {
      const answers = await this.#sink.write(batch.map(({ step }) => step));
      for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer);
    } catch (reason) {
      for (const { reject } of batch) reject(reason as ConnectorError);
    }
  }

  async #close(): Promise<void> {
    while (this.#committing !== undefined || this.#waiting.length > 0) {
      this.#commit();
      await this.#committing;
    }
    await this.#sink.close();
  }
}
