import type { Writable } from 'node:stream';
import type { LogWriter } from './log-writer.ts';
import { natives } from './natives.ts';

/** A line without its end is held back so long, in case the rest follows. */
const PARTIAL_LINE_MS = 200;
const LONGEST_LINE = 8 * 1024;

/**
 * Makes stdout and stderr of this thread write log records, and with them the console. `fs.writeSync(1)` and
 * `process._rawDebug` go past this.
 */
export function captureOutput(log: LogWriter): void {
  divert(process.stdout, new LineSplitter((line) => log.write('info', 'stdout', line)));
  divert(process.stderr, new LineSplitter((line) => log.write('warn', 'stderr', line)));
  // Node's own listener would write past the stream.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.write('warn', 'stderr', `${warning.name}: ${warning.message}`));
}

/** Changes where the stream writes to, not the stream: the host's half of it calls ours by methods that only Node knows. */
function divert(stream: Writable, lines: LineSplitter): void {
  const write = (chunk: string | Uint8Array, _encoding: string, done: () => void): void => {
    lines.take(
      typeof chunk === 'string'
        ? chunk
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('utf8'),
    );
    done();
  };
  Object.defineProperty(stream, '_write', { value: write });
  Object.defineProperty(stream, '_writev', { value: undefined });
}

class LineSplitter {
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
