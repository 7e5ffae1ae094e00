import { setTimeout as delay } from 'node:timers/promises';
import { BUSY_TIMEOUT_MS } from './open-database.ts';
import { isBusy, storageError } from './storage-error.ts';

/** How often a change looks whether another process is still writing, in milliseconds. The host goes on meanwhile. */
const BUSY_STEP_MS = 25;

/** Runs statements, again and again while another program writes. What they throw in the end is told as an UnavailableError. */
export async function attempt<T>(what: string, file: string, run: () => T): Promise<T> {
  const deadline = Date.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      return run();
    } catch (error) {
      if (!isBusy(error) || Date.now() >= deadline) throw storageError(what, file, error);
    }
    await delay(BUSY_STEP_MS);
  }
}
