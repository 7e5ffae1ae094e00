import { createInterface } from 'node:readline/promises';
import type { Writable } from 'node:stream';
import type { ReadStream } from 'node:tty';

/** Asks a question on a terminal; whatever is not yes is no, Ctrl-C and Ctrl-D as well. Undefined where there is no terminal. */
export async function confirm(question: string, input: ReadStream, output: Writable): Promise<boolean | undefined> {
  if (!input.isTTY) return undefined;
  const lines = createInterface({ input, output });
  const leaving = new AbortController();
  lines.on('SIGINT', () => leaving.abort()).on('close', () => leaving.abort());
  try {
    return /^y(es)?$/i.test((await lines.question(question, { signal: leaving.signal })).trim());
  } catch (error) {
    if (leaving.signal.aborted) return false;
    throw error;
  } finally {
    lines.close();
  }
}
