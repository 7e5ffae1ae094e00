import type { Writable } from 'node:stream';

/** Quiet work is only announced when it takes longer than this, in milliseconds. */
const PATIENCE_MS = 1_000;

export interface ProgressOptions<T> {
  /** What is being done, as in "listing plugins". */
  readonly doing: string;
  readonly stream: Writable & { readonly isTTY?: boolean };
  work(): Promise<T>;
}

/** Runs work; on a terminal, says after a second what it is that takes so long, and wipes that again at the end. */
export async function withProgress<T>({ doing, stream, work }: ProgressOptions<T>): Promise<T> {
  if (stream.isTTY !== true) return work();
  const startedAt = Date.now();
  let shown = false;
  const timer = setInterval(() => {
    shown = true;
    stream.write(`\r${doing} … ${Math.round((Date.now() - startedAt) / 1000)} s`);
  }, PATIENCE_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (shown) stream.write('\r\u001b[K');
  }
}
