import type { FromWorker } from './messages.ts';

type LogEvent = Extract<FromWorker, { kind: 'log' }>;

/** Of starts and connections that fail in the same way, one after the other, the first is worth a line; of the others, how many there were. */
export class ToldStarts {
  #last: string | undefined;
  #repeated = 0;

  /** The record as it is to be told; undefined where it says once more what was told last. */
  filter(record: LogEvent): LogEvent | undefined {
    if (record.source !== 'start') return record;
    // Ports, times and the like do not make it another failure.
    const gist = record.message.replaceAll(/\d+/g, '#');
    if (gist === this.#last) {
      this.#repeated += 1;
      return undefined;
    }
    const repeated = this.#repeated;
    this.#last = gist;
    this.#repeated = 0;
    return repeated === 0
      ? record
      : { ...record, message: `${record.message} (what failed before did so ${times(repeated)} more)` };
  }

  /** It is up: the next failure is news. Gives in words how often what was told last happened again; undefined for never. */
  recover(): string | undefined {
    const words =
      this.#repeated === 0 ? undefined : `it started again; what failed before did so ${times(this.#repeated)} more`;
    this.#last = undefined;
    this.#repeated = 0;
    return words;
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
