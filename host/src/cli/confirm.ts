import { createInterface } from 'node:readline/promises';
import type { Writable } from 'node:stream';
import type { ReadStream } from 'node:tty';

/** Asks a question on a terminal; whatever is not yes is no. Undefined where there is no terminal. */
export async function confirm(question: string, input: ReadStream, output: Writable): Promise<boolean | undefined> {
  if (!input.isTTY) return undefined;
  const lines = createInterface({ input, output });
  try {
    return /^y(es)?$/i.test((await lines.question(question)).trim());
  } finally {
    lines.close();
  }
}
