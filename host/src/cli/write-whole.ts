import { fstatSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';

/**
 * Has standard output, where it is a file, take what it is given whole or say that it did not. Node itself writes as much
 * as the disk has room for, and takes a part for the whole.
 */
export function writeWhole(output: Writable & { readonly fd: number }): void {
  if (!fstatSync(output.fd).isFile()) return;
  // After a part the next writing begins on a line of its own.
  let isTorn = false;
  output._write = (chunk: Buffer, _encoding, done) => {
    try {
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
