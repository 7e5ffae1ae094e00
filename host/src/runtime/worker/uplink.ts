import { BatchWriter } from '../batch-writer.ts';
import type { CrashReport, FromWorker } from '../messages.ts';
import { putEnd, putMessage, putResult } from '../messages.ts';
import type { CallTrail } from './call-trail.ts';
import type { Line } from './line.ts';
import { natives } from './natives.ts';

const stringify = (value: unknown): string => natives.stringify(value) ?? 'null';

/** The worker's way to the host: what one turn writes travels together. */
export class Uplink {
  readonly #line: Pick<Line, 'post' | 'flush'>;
  readonly #trail: CallTrail | undefined;
  readonly #writer: BatchWriter;

  /**
   * @param seal what each batch ends in, which the connector never sees
   * @param trail absent where no calls are made
   */
  constructor(line: Pick<Line, 'post' | 'flush'>, seal: string, trail?: CallTrail) {
    this.#line = line;
    this.#trail = trail;
    this.#writer = new BatchWriter({
      post: (batch) => {
        putEnd(batch, seal);
        line.post(batch);
      },
      defer: (flush) => void natives.setImmediate(flush),
    });
  }

  /** Sends a result with the batch of this turn, or at once where it is the last that anyone waits for. */
  result(id: number, text: string, last: boolean): void {
    putResult(this.#writer.batch, id, text);
    if (last) this.#writer.flush();
    else this.#writer.wrote(text.length + 16);
  }

  /** Sends with the batch of this turn. `bytes` is how long the message is, roughly. */
  send(message: FromWorker, bytes: number): void {
    putMessage(this.#writer.batch, message, stringify);
    this.#writer.wrote(bytes + 16);
  }

  /** Sends now, with all that waits. */
  sendNow(message: FromWorker): void {
    putMessage(this.#writer.batch, message, stringify);
    this.#writer.flush();
  }

  /**
   * Tells why this body dies, or may. What was answered before goes out first.
   *
   * @param final whether it dies: then no other call begins
   */
  crash(report: CrashReport, final: boolean): void {
    const calls = final ? { lastBegun: this.#trail?.last, culprit: this.#trail?.culprit() } : {};
    this.sendNow({ kind: 'crash', report: { ...report, ...calls } });
    this.#line.flush();
  }
}
