import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** Opens a file for reading and closes it again. Rejects as `open` does, and never waits for the writer of a pipe. */
export async function withOpenFile<T>(
  file: string,
  work: (handle: FileHandle) => Promise<T>,
  flags: number = 0,
): Promise<T> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | flags);
  try {
    return await work(handle);
  } finally {
    // `await using` does not do: under Yarn's Plug'n'Play the handle is an object of Yarn's, which has no dispose method.
    await handle.close();
  }
}
