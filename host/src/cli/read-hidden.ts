import type { Writable } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { CliExit, EXIT } from './cli-context.ts';

const [ENTER, NEWLINE, INTERRUPT, END, ERASE, BACKSPACE] = ['\r', '\n', '\u0003', '\u0004', '\u007f', '\b'];

/** Asks for one line on a terminal, which does not show what is typed. Throws CliExit where the user interrupts. */
export async function readHidden(question: string, input: ReadStream, output: Writable): Promise<string> {
  // Before the question: who answers at once must not be shown either.
  input.setRawMode(true).setEncoding('utf8').resume();
  output.write(question);
  try {
    return await new Promise<string>((done, fail) => {
      const typed: string[] = [];
      input.on('end', () => done(typed.join('')));
      input.on('data', (chunk: string) => {
        for (const sign of chunk) {
          if (sign === ENTER || sign === NEWLINE || sign === END) return done(typed.join(''));
          if (sign === INTERRUPT) return fail(new CliExit(EXIT.failed, 'interrupted'));
          if (sign === ERASE || sign === BACKSPACE) typed.pop();
          else typed.push(sign);
        }
      });
    });
  } finally {
    input.removeAllListeners('data').removeAllListeners('end').setRawMode(false).pause();
    output.write('\n');
  }
}
