import { Writable } from 'node:stream';
import type { LogSource } from '../messages.ts';
import type { LogWriter } from './log-writer.ts';
import { natives } from './natives.ts';

/** A line without its end is held back so long, in case the rest follows. */
const PARTIAL_LINE_MS = 200;
const LONGEST_LINE = 8 * 1024;

/**
 * Makes stdout and stderr of this thread write log records, and with them the console, which looks the streams up at its
 * first use. `fs.writeSync(1)` and `process._rawDebug` go past this.
 */
export function captureOutput(log: LogWriter): void {
  const stdout = new LineStream(log, 'stdout');
  const stderr = new LineStream(log, 'stderr');
  Object.defineProperty(process, 'stdout', { configurable: true, enumerable: true, get: () => stdout });
  Object.defineProperty(process, 'stderr', { configurable: true, enumerable: true, get: () => stderr });
  // Node's own listener would write past the stream.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.write('warn', 'stderr', `${warning.name}: ${warning.message}`));
}

class LineStream extends Writable {
  readonly #log: LogWriter;
  readonly #source: LogSource;
  #partial = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(log: LogWriter, source: 'stdout' | 'stderr') {
    super({ decodeStrings: false, highWaterMark: 1024 * 1024 });
    this.#log = log;
    this.#source = source;
  }

  override _write(chunk: string | Uint8Array, _encoding: string, done: () => void): void {
    this.#take(typeof chunk === 'string' ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('utf8'));
    done();
  }

  #take(text: string): void {
    const end = text.lastIndexOf('\n');
    if (end === -1) {
      this.#hold(this.#partial + text);
      return;
    }
    const whole = this.#partial + text.slice(0, end);
    this.#hold(text.slice(end + 1));
    let from = 0;
    for (;;) {
      const next = whole.indexOf('\n', from);
      this.#line(next === -1 ? whole.slice(from) : whole.slice(from, next));
      if (next === -1) return;
      from = next + 1;
    }
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
    if (text !== '') this.#line(text);
  }

  #line(text: string): void {
    this.#log.write(this.#source === 'stdout' ? 'info' : 'warn', this.#source, text);
  }
}
