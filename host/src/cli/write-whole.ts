import { fstatSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';

/**
 * Has standard output, where it is a file, take what it is given whole or say that it did not. Node itself writes as much
 * as the disk has room for, takes a part for the whole, and goes on writing where nobody can read.
 */
export function writeWhole(output: Writable & { readonly fd: number }): void {
  const opened = fstatSync(output.fd);
  if (!opened.isFile()) return;
  // After a part the next writing begins on a line of its own.
  let isTorn = false;
  output._write = (chunk: Buffer, _encoding, done) => {
    try {
      // A file that was removed still takes everything, and is gone with this process.
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
