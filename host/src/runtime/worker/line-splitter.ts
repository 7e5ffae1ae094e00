import { natives } from './natives.ts';

/** A line without its end is held back so long, in case the rest follows. */
const PARTIAL_LINE_MS = 200;
const LONGEST_LINE = 8 * 1024;

/** Makes lines of what a stream writes in pieces. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  #partial = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  take(text: string): void {
    const end = text.lastIndexOf('\n');
    if (end === -1) {
      this.#hold(this.#partial + text);
      return;
    }
    const whole = this.#partial + text.slice(0, end);
    this.#hold(text.slice(end + 1));
    let from = 0;
    for (let next = whole.indexOf('\n'); next !== -1; next = whole.indexOf('\n', from)) {
      this.#onLine(whole.slice(from, next));
      from = next + 1;
    }
    this.#onLine(whole.slice(from));
  }

  #hold(text: string): void {
    this.#partial = text;
    if (text.length > LONGEST_LINE) this.#release();
    else if (text !== '') this.#timer ??= natives.setTimeout(() => this.#release(), PARTIAL_LINE_MS).unref();
  }

  #release(): void {
    natives.clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#partial;
    this.#partial = '';
    if (text !== '') this.#onLine(text);
  }
}
