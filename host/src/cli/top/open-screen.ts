import type { ReadStream, WriteStream } from 'node:tty';

/** A whole terminal, for as long as it is open. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Shows these lines and nothing else. */
  draw(lines: readonly string[]): void;
  /** Gives the terminal back as it was. */
  close(): void;
}

export interface ScreenOptions {
  readonly input: ReadStream;
  readonly output: WriteStream;
  /** Hears of each key; Ctrl-C is `\u0003`. */
  onKey(key: string): void;
  /** The terminal has another size. */
  onResize(): void;
}

const ESCAPE = '\u001b[';
const ENTER = `${ESCAPE}?1049h${ESCAPE}?25l`;
const LEAVE = `${ESCAPE}?25h${ESCAPE}?1049l`;

/** Takes a terminal whole: what stands there is shown again at the end, and keys are read as they are pressed. */
export function openScreen({ input, output, onKey, onResize }: ScreenOptions): Screen {
  const hear = (data: Buffer): void => {
    for (const key of data.toString()) onKey(key);
  };
  output.write(ENTER);
  input.setRawMode(true);
  input.on('data', hear).resume();
  output.on('resize', onResize);
  return {
    get columns() {
      return output.columns;
    },
    get rows() {
      return output.rows;
    },
    draw(lines) {
      // Each line is wiped behind its end, so that nothing flickers.
      output.write(`${ESCAPE}H${lines.map((line) => `${line}${ESCAPE}K`).join('\r\n')}${ESCAPE}J`);
    },
    close() {
      output.off('resize', onResize);
      input.off('data', hear).pause();
      input.setRawMode(false);
      output.write(LEAVE);
    },
  };
}
