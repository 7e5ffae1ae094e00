import { fstatSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';

/**
 * Makes standard output, where it is a file, write each chunk whole or fail. Node itself writes as much as the disk has room
 * for, takes that part for the whole, and goes on writing to a file that was removed.
 */
export function writeWhole(output: Writable & { readonly fd: number }): void {
  const opened = fstatSync(output.fd);
  if (!opened.isFile()) return;
  // Whether the last chunk was written in part: the next one then begins on a new line.
  let isTorn = false;
  output._write = (chunk: Buffer, _encoding, done) => {
    try {
      // A removed file still takes everything, but is lost when this process ends.
      if (opened.nlink > 0 && fstatSync(output.fd).nlink === 0) throw new Error('its file was removed');
      if (isTorn) writeSync(output.fd, '\n');
      isTorn = false;
      for (let at = 0; at < chunk.length;) {
        at += writeSync(output.fd, chunk, at);
        isTorn = at < chunk.length;
      }
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  };
}
